import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { loadConfig, unitsOf } from "../config/load-config.ts";
import { noUnitFiles } from "../lint/lint.ts";
import { readUnitFiles, type UnitFiles } from "../lint/unit-files.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { invoker } from "../shared/invoker.ts";
import { listOf } from "../shared/properties.ts";
import { findService } from "../systemd/activated-units.ts";
import { ServiceManager } from "../systemd/service-manager.ts";

export interface UnitsToVerify extends UnitFiles {
  /** Their source, if the user did not name files. */
  readonly source: string | undefined;
  /** Whether they are for a user's manager. */
  readonly isUser: boolean;
  /** The path for display. */
  shown(path: string): string;
  remove(): Promise<void>;
}

/** The units of this folder's config, as files, or `undefined`. */
async function unitsOfConfig(file: string | undefined): Promise<UnitsToVerify | undefined> {
  const config = await loadConfig({ folder: process.cwd(), file, invoker: await invoker() });
  if (config === undefined) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "sockact-verify-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    for (const description of config.descriptions)
      for (const [name, text] of Object.entries(unitsOf(description, config.file)))
        await writeFile(join(folder, name), text);
    return {
      ...(await readUnitFiles([folder])),
      source: basename(config.file),
      isUser: config.descriptions.some(({ manager }) => manager === "user"),
      shown: (path) => (path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path),
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/**
 * The files of an installed service, its sockets and their drop-ins. An error also says that the argument is
 * not a file.
 */
async function filesOfInstalled(target: string, isUser: boolean): Promise<string[]> {
  const manager = new ServiceManager({ user: isUser });
  try {
    const { sockets, services } = await findService(manager, target);
    const shown = await manager.show([...sockets, ...services], ["FragmentPath", "DropInPaths"]);
    const files = shown.flatMap(({ FragmentPath, DropInPaths }) => [
      ...(FragmentPath === "" ? [] : [FragmentPath]),
      ...listOf(DropInPaths),
    ]);
    return [...new Set(files)];
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    throw new CliError(error.code, `${target} is not a file, and ${error.message}`, error.hint, {
      exitCode: EXIT.usage,
      cause: error,
    });
  }
}

/** Finds the units in the arguments of `sockact verify`. */
export async function unitsToVerify(
  targets: readonly string[],
  { config, user = false }: { config: string | undefined; user: boolean | undefined },
): Promise<UnitsToVerify> {
  if (config !== undefined && targets.length > 0)
    throw new CliError(
      "SOCKACT_ERR_USAGE",
      "--config can't be used together with files",
      "Leave one of them out.",
    );
  const described = targets.length === 0 ? await unitsOfConfig(config) : undefined;
  if (described !== undefined) return { ...described, isUser: user || described.isUser };

  const paths: string[] = [];
  for (const target of targets.length === 0 ? ["."] : targets) {
    if (existsSync(target)) paths.push(target);
    else if (target.includes("/"))
      throw new CliError("SOCKACT_ERR_LINT_FILE", `${target} does not exist`, "Check the path.");
    else paths.push(...(await filesOfInstalled(target, user)));
  }
  const read = await readUnitFiles(paths);
  if (read.files.every(({ isAsked }) => !isAsked) && read.unread.length === 0) throw noUnitFiles(paths);
  return { ...read, source: undefined, isUser: user, shown: (path) => path, remove: async () => {} };
}
