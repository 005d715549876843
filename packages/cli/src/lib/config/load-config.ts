import { dirname, join } from "node:path";
import { emitUnits, UnitError, type AppDescription } from "@sockact/units";
import { findNode } from "../app/find-node.ts";
import { shownOfHomes, withAppInHome } from "../app/homes.ts";
import { groupForHosts } from "../proxy/find-proxy.ts";
import { clean } from "../shared/clean.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import type { Invoker } from "../shared/invoker.ts";
import { type ConfigAnswer, evaluateConfig } from "./evaluate.ts";
import { findConfig } from "./find-config.ts";
import { assertHomesNotReplaceable } from "./replaceable-folders.ts";
import { resolvePaths } from "./resolve-paths.ts";
import { withHosts } from "./with-hosts.ts";
import { distrustOf } from "../shared/trusted-path.ts";

/** A config and its exported descriptions. */
export interface LoadedConfig {
  /** Its absolute path. */
  file: string;
  /** All of them are valid, and no two have the same name. */
  descriptions: AppDescription[];
}

export interface LoadConfigOptions {
  folder: string;
  /** The path of a config, relative to the folder. The default is the config in the folder. */
  file?: string | undefined;
  invoker: Invoker;
  /** The proxy for host names, if the user has named one. */
  proxy?: string | undefined;
}

/**
 * Loads the config of a folder. A process of the invoking user evaluates it, never root under sudo.
 *
 * Resolves to `undefined` if there is no config. Rejects with a `CliError`: `SOCKACT_ERR_CONFIG_MISSING` (the
 * named file), `SOCKACT_ERR_CONFIG_SEVERAL`, `SOCKACT_ERR_CONFIG_UNSAFE` (root would use a file that another
 * user may write), `SOCKACT_ERR_CONFIG_SYNTAX`, `SOCKACT_ERR_CONFIG_FAILED` (it throws, or ends the process),
 * `SOCKACT_ERR_CONFIG_TIMEOUT`, `SOCKACT_ERR_CONFIG_SIZE` or `SOCKACT_ERR_CONFIG_INVALID` (the export is not
 * a description).
 */
export async function loadConfig({
  folder: from,
  file: named,
  invoker,
  proxy,
}: LoadConfigOptions): Promise<LoadedConfig | undefined> {
  const file = findConfig(from, named);
  if (file === undefined) return undefined;
  // Root must not install what another user wrote. Other users can only do what they may do anyway.
  if (process.getuid?.() === 0) await assertTrusted(file, invoker);
  const { value, error } = await evaluateConfig(file, invoker);
  if (error !== undefined) throw errorOf(file, error);
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (values.length === 0 || values.some((one) => one === null || typeof one !== "object"))
    throw new CliError(
      "SOCKACT_ERR_CONFIG_INVALID",
      `${file} does not export a description`,
      "Write export default { name, exec, sockets }, a list of such objects, or a function that returns one.",
      { exitCode: EXIT.failed },
    );
  const folder = dirname(file);
  const descriptions: AppDescription[] = [];
  for (const one of values) {
    const described = resolvePaths(one, folder, findNode().path) as AppDescription;
    const shown = withAppInHome(described, folder);
    if (shown !== described) {
      // The types of its fields are not checked yet.
      const node: unknown = Array.isArray(described.exec) ? described.exec[0] : undefined;
      await assertHomesNotReplaceable(shownOfHomes(shown), node, invoker);
    }
    descriptions.push(await withSocketForHosts(shown, file, proxy));
  }
  for (const [index, description] of descriptions.entries())
    unitsOf(description, Array.isArray(value) ? `${file}, [${index}]` : file);
  const names = descriptions.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new CliError(
      "SOCKACT_ERR_CONFIG_INVALID",
      `${file} has two descriptions with the name ${twice}`,
      "Give each service a different name.",
      { exitCode: EXIT.failed },
    );
  const hosts = descriptions.flatMap((description) => description.hosts ?? []);
  const shared = hosts.find((host, index) => hosts.indexOf(host) !== index);
  if (shared !== undefined)
    throw new CliError(
      "SOCKACT_ERR_CONFIG_INVALID",
      `${file} has the host name ${shared} in two descriptions`,
      "A proxy passes the requests for a host name to one service.",
      { exitCode: EXIT.failed },
    );
  return { file, descriptions };
}

/** The description with the socket for its host names, if it has any. */
export async function withSocketForHosts(
  description: AppDescription,
  file: string,
  proxy: string | undefined,
): Promise<AppDescription> {
  if (description.hosts === undefined) return description;
  return withHosts(description, await groupForHosts(description.name, proxy), `hosts in ${file}`);
}

/**
 * Emits units. Throws a `CliError` with `SOCKACT_ERR_CONFIG_INVALID` with a line for each problem of the
 * description.
 */
export function unitsOf(
  description: AppDescription,
  source: string,
  options: { comments?: boolean } = {},
): Record<string, string> {
  try {
    return emitUnits(description, options);
  } catch (cause) {
    if (!(cause instanceof UnitError)) throw cause;
    throw new CliError(
      "SOCKACT_ERR_CONFIG_INVALID",
      `the description in ${source} can't be written as units:\n${cause.message.replace(/^/gm, "  ")}`,
      "What each field may be: https://github.com/sockact/sockact/blob/main/docs/config.md",
      { exitCode: EXIT.failed, cause },
    );
  }
}

async function assertTrusted(file: string, invoker: Invoker): Promise<void> {
  const distrust = await distrustOf(file, invoker);
  if (distrust === undefined) return;
  const { path, why, fix, isOwner = false } = distrust;
  const instead =
    path === file ? `, or as root: ${fix}` : `, or move the config to a folder of ${invoker.name}.`;
  throw new CliError(
    "SOCKACT_ERR_CONFIG_UNSAFE",
    `root does not use ${file}: ${path === file ? why : `${path}: ${why}`}`,
    isOwner
      ? `Run it with sudo as the user who owns it${instead}`
      : `Whoever may write it could run commands as root. Change it: ${fix}`,
    { exitCode: EXIT.failed },
  );
}

function errorOf(
  file: string,
  { kind, message: said, code, stack = "" }: NonNullable<ConfigAnswer["error"]>,
): CliError {
  const message = clean(said);
  const exit = { exitCode: EXIT.failed };
  if (kind === "value")
    return new CliError(
      "SOCKACT_ERR_CONFIG_INVALID",
      `${file}: ${message}`,
      "A description holds only strings, numbers, booleans, lists and plain objects.",
      exit,
    );
  const at = placeIn(file, stack);
  if (kind === "syntax")
    return new CliError(
      "SOCKACT_ERR_CONFIG_SYNTAX",
      `${at ?? file}: ${message.split("\n")[0]}`,
      "Correct the syntax there.",
      exit,
    );
  return new CliError(
    "SOCKACT_ERR_CONFIG_FAILED",
    `${at ?? file} throws an error: ${message.split("\n")[0]}`,
    code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND"
      ? "Install the packages that it imports: npm install"
      : code === "EACCES"
        ? "sockact evaluates the config as the user who called sudo. This user must be allowed to read it and its folders."
        : "Correct the config.",
    exit,
  );
}

/** The first place in the config's folder in a stack. */
function placeIn(file: string, stack: string): string | undefined {
  const folder = join(dirname(file), "/");
  const [, place] =
    new RegExp(`(${escape(folder)}(?!node_modules/)[^\\s():]+:\\d+(?::\\d+)?)`).exec(
      decodeURI(stack.replaceAll(/%(?![0-9A-F]{2})/g, "%25")),
    ) ?? [];
  return place;
}

const escape = (text: string): string => text.replaceAll(/[$()*+.?[\\\]^{|}]/g, "\\$&");
