import { existsSync, lstatSync, statSync } from "node:fs";
import { join } from "node:path";
import { entryOf } from "../../app/source-files.ts";
import { proxyOfFile } from "../../proxy/find-proxy.ts";
import { CliError, EXIT } from "../../shared/cli-error.ts";
import { ownCommand } from "../../shared/own-command.ts";
import type { ServiceManager } from "../../systemd/service-manager.ts";
import { authorOf } from "../header.ts";
import type { Author, Manifest } from "../manifest.ts";
import { isSameFile, unitFolder, unitFolders } from "../places.ts";
import { type InstallPlan, type PreparedFile, serviceOf, socketsOf } from "./plan.ts";

/** The error for something that exists and does not belong to the service. */
export function foreignError(message: string, hint: string): CliError {
  return new CliError("SOCKACT_ERR_INSTALL_FOREIGN", message, hint, { exitCode: EXIT.failed });
}

const existsError = (what: string, hint: string): CliError =>
  foreignError(`${what} exists, and sockact did not write it`, hint);

/**
 * Throws if another unit has the name, because our file would hide it.
 *
 * @param manager - undefined below a root folder
 */
export async function assertUnitNamesFree(
  plan: InstallPlan,
  manager: ServiceManager | undefined,
): Promise<void> {
  const hint = "The new unit would hide it. Choose another --name.";
  const written = Object.keys(plan.units).filter((unit) => !unit.endsWith(".container"));
  const own = [`${plan.name}.service`, `${plan.name}.socket`, ...socketsOf(plan), serviceOf(plan)];
  const units = [...new Set([...own, ...written])];
  if (manager === undefined) {
    const paths = units.flatMap((unit) =>
      unitFolders(plan)
        .map((folder) => join(folder, unit))
        .slice(1),
    );
    const path = paths.find((one) => existsSync(one));
    if (path !== undefined) throw existsError(path, hint);
    return;
  }
  // `systemctl show` does not accept a template, but an instance has the same file.
  const names = units.map((unit) => unit.replace("@.", "@blue."));
  const shown = await manager.show(names, ["Id", "LoadState", "FragmentPath", "SourcePath"]);
  for (const [index, { Id, LoadState, FragmentPath, SourcePath }] of shown.entries()) {
    const unit = units[index]!;
    const container = unit.replace(/\.service$/, ".container");
    if (LoadState === "masked")
      throw foreignError(`${unit} is masked`, `Unmask it: ${manager.systemctl} unmask ${unit}`);
    if (FragmentPath === "" || isSameFile(FragmentPath, join(unitFolder(plan, unit), unit))) {
      if (LoadState === "loaded" && Id !== names[index])
        throw existsError(`${unit}, which is another name of ${Id},`, hint);
    } else if (SourcePath !== join(unitFolder(plan, container), container)) {
      throw existsError(FragmentPath, hint);
    }
  }
}

/** Throws if a unit file is not from sockact, or was edited. With `force`, returns a note instead. */
export function assertFileReplaceable(
  { name }: InstallPlan,
  unit: string,
  { path, previous, state }: PreparedFile,
  force: boolean,
): string[] {
  const author = previous === undefined || state === "same" ? "sockact" : authorOf(name, previous);
  if (author === "sockact") return [];
  if (force)
    return [`${path} ${author === "edited" ? "was edited" : "is not from sockact"}. A backup is kept.`];
  if (author === "foreign")
    throw existsError(path, "Choose another --name, or replace the file with --force. A backup is kept.");
  throw new CliError(
    "SOCKACT_ERR_INSTALL_EDITED",
    `${path} was edited after sockact wrote it`,
    proxyOfFile(path, name) === undefined
      ? `${ownCommand("units", "--diff")} shows the difference. Move the edit into your config, or into a drop-in (systemctl edit ${unit}). Then replace the file with --force. A backup is kept.`
      : "To write the site anew: --force. A backup is kept. To keep your own site, leave the host names out, and name the socket with --listen.",
    { exitCode: EXIT.failed },
  );
}

/**
 * Throws if the app of one user would replace another user's. The name of a service comes from package.json,
 * which anyone may write: with the name of another service, the app would get its port and data.
 */
export function assertSameAuthor(plan: InstallPlan, earlier: Manifest | undefined, force: boolean): void {
  if (plan.user || plan.root !== "/" || force) return;
  const before = earlier?.author ?? fileOf(earlier?.description);
  const now = plan.author ?? fileOf(plan.description);
  if (before === undefined || now === undefined || before.uid === now.uid) return;
  throw foreignError(
    `${plan.name} runs ${before.path} of user ${before.uid}, and ${now.path} belongs to user ${now.uid}`,
    "Choose another --name. If this app is meant to replace the other one, add --force.",
  );
}

/**
 * The first of these paths that does not belong to root, or the first one. The app's folder comes first,
 * because a start script may name any file, even another user's.
 */
export function authorOfApp(paths: readonly string[]): Author | undefined {
  const found = paths.flatMap((path): Author[] => {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return stats === undefined ? [] : [{ path, uid: stats.uid }];
  });
  return found.find(({ uid }) => uid !== 0) ?? found[0];
}

/** The file that Node runs; undefined if it does not exist. */
function fileOf(description: unknown): Author | undefined {
  const { exec } = (description ?? {}) as { exec?: unknown };
  const path = Array.isArray(exec) ? entryOf(exec) : undefined;
  return path === undefined ? undefined : { path, uid: statSync(path).uid };
}
