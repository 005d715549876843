import { accessSync, constants, existsSync, rmSync } from "node:fs";
import { basename, dirname } from "node:path";
import { proxyOfFile } from "../../proxy/find-proxy.ts";
import { CliError } from "../../shared/cli-error.ts";
import { ownCommand, userOption } from "../../shared/own-command.ts";
import type { ServiceManager } from "../../systemd/service-manager.ts";
import { execute } from "../../shared/execute.ts";
import { unsetDrained } from "../drained.ts";
import { keepFolders, type KeptFolder } from "../kept-folders.ts";
import { type Manifest, manifestPath } from "../manifest.ts";
import { nothingToRemove, type PreparedUninstall, prepareUninstall } from "../plan/prepare-uninstall.ts";
import type { Place } from "../places.ts";
import { inFolderOf } from "../safe-folder.ts";
import { type FolderKind, loadedFolders, privatePathOf, removeSocketFile } from "../service-paths.ts";
import { restoreSites } from "../sites.ts";
import { removeEmptyFolders } from "../undo/change.ts";
import { interruptedError, recover } from "../undo/undo.ts";
import { resetLimits, Units } from "../units.ts";
import { writeError } from "../write-error.ts";
import type { UninstallStep } from "./steps.ts";
import { inTurn, locked } from "./turns.ts";

interface Options {
  onStep: (step: UninstallStep) => void;
  signal?: AbortSignal | undefined;
}

/**
 * Stops and removes an installation. The manifest is removed last, so another call can finish after a kill.
 *
 * @returns what was done, and what stays
 */
export async function applyUninstall(
  prepared: PreparedUninstall,
  options: Options,
): Promise<PreparedUninstall> {
  const { place, name } = prepared;
  const { signal } = options;
  try {
    return await locked(place, name, options, () => applyAlone(prepared, options));
  } catch (cause) {
    const isTold = cause instanceof CliError && cause.code === "SOCKACT_ERR_INSTALL_INTERRUPTED";
    if (!signal?.aborted || isTold) throw cause;
    throw interruptedError(signal, `interrupted before ${name} was stopped`, "Run the command again.", cause);
  }
}

async function applyAlone(
  { place, name, purge }: PreparedUninstall,
  options: Options,
): Promise<PreparedUninstall> {
  const { onStep, signal } = options;
  await inTurn(place, options, async () => {
    // The running units are stopped next, so the undo does not start them again.
    if (!(await recover(place, name, false))) return;
    onStep({ type: "recovered" });
    removeEmptyFolders(place, name);
  });
  const prepared = await prepareUninstall(place, name, purge, signal).catch((error: unknown) => {
    if ((error as CliError).code !== "SOCKACT_ERR_INSTALL_UNKNOWN") throw error;
    // The changes of a killed call were undone, and nothing else was installed.
    return nothingToRemove(place, name, purge);
  });
  const { manifest } = prepared;
  if (manifest === undefined) return prepared;
  signal?.throwIfAborted();
  checkWritable(prepared.files);

  const units = new Units(place, signal);
  let state = `${name} may still run`;
  try {
    if (units.manager) {
      await inTurn(place, options, () => removeSites(prepared, manifest, units.manager!, options));
      const loaded = await loadedOf(units.manager, prepared.units);
      if (loaded.length > 0) await units.manager.mustRun("stop", "--", ...loaded);
      state = `${name} is stopped`;
      onStep({ type: "stopped", units: loaded });
      signal?.throwIfAborted();
      await removeMade(prepared, loaded, units.manager, options);
    }
    await inTurn(place, options, () => removeFiles(prepared, manifest, units, options));
  } catch (error) {
    throw halfwayError(error, prepared, units.manager && state, signal);
  }
  return prepared;
}

/** The error of a partly done uninstallation. */
function halfwayError(
  error: unknown,
  { place: { user, root }, name, purge, files }: PreparedUninstall,
  state: string | undefined,
  signal: AbortSignal | undefined,
): unknown {
  const left = files.filter((path) => existsSync(path));
  const some = left.length > 0 ? `these are still there: ${left.join(", ")}` : "none is still there";
  const rest = left.length === files.length ? "its files are still there" : `of its files, ${some}`;
  const states = [state, rest].filter((text) => text !== undefined).join(", and ");
  const options = [...userOption(user), ...(root === "/" ? [] : ["--root", root])];
  const words = [name, ...options, ...(purge ? ["--purge"] : [])];
  const again = `To continue: ${ownCommand("uninstall", ...words)}`;
  if (signal?.aborted)
    return interruptedError(signal, `interrupted before ${name} was uninstalled; ${states}`, again, error);
  if (!(error instanceof CliError)) return error;
  const { code, message, hint, exitCode } = error;
  return new CliError(code, `${message}\n${states}`, `${hint}\n${again}`, { exitCode, cause: error });
}

/** Takes the host names from the proxy, while the app still answers. */
async function removeSites(
  { name, files, kept }: PreparedUninstall,
  manifest: Manifest,
  manager: ServiceManager,
  { onStep }: Options,
): Promise<void> {
  // Including those that a killed call has removed.
  const sites = manifest.files
    .map(({ path }) => path)
    .filter((path) => proxyOfFile(path, name) !== undefined);
  for (const path of sites) {
    if (!files.includes(path)) continue;
    removeFile(path);
    onStep({ type: "removed", path });
  }
  await restoreSites(sites, name, manager).catch((error: unknown) => {
    if (!(error instanceof CliError)) throw error;
    // The configuration of others must not keep a service installed.
    kept.push({
      path: sites.join(", "),
      why: `the proxy serves it until its next reload, because ${error.message}`,
    });
  });
}

function removeFile(path: string): void {
  inFolderOf(path, (folder, file) => {
    folder.remove(file);
    folder.sync();
  });
}

/** Removes what systemd created for the units. */
async function removeMade(
  { place, socketFiles, madeFiles, cleaned, dropped, kept }: PreparedUninstall,
  loaded: readonly string[],
  manager: ServiceManager,
  { onStep }: Options,
): Promise<void> {
  const folders = await loadedFolders(
    place,
    loaded.filter((unit) => unit.endsWith(".service")),
    manager,
  );
  const kinds: readonly FolderKind[] = cleaned;
  // systemd refuses to clean a service that has no folder of these kinds.
  const services = [...new Set(folders.flatMap(({ kind, unit }) => (kinds.includes(kind) ? [unit] : [])))];
  if (services.length > 0) {
    // A failed unit can't be cleaned.
    await resetLimits(manager, services);
    // Only systemd knows where the data of a service with DynamicUser= is.
    await manager.mustRun("clean", ...cleaned.map((kind) => `--what=${kind}`), "--", ...services);
  }
  for (const folder of dropped) {
    const why = await removeFolder(place, folder);
    if (why === undefined) onStep({ type: "removed", path: folder.path });
    else kept.push({ path: folder.path, why });
  }
  for (const path of madeFiles) {
    rmSync(path, { force: true });
    onStep({ type: "removed", path });
  }
  for (const path of socketFiles) {
    if (await removeSocketFile(path)) onStep({ type: "removed", path });
    else kept.push({ path, why: "another program listens there, or another user may change its folder" });
  }
}

/** Removes a folder that systemd no longer knows. Returns why it can't be removed, or undefined. */
async function removeFolder(place: Place, { kind, path }: KeptFolder): Promise<string | undefined> {
  try {
    const own = [path, privatePathOf(place, kind, path)].filter((one) =>
      inFolderOf(one, (folder, file) => folder.stat(file)),
    );
    // rm(1) does not follow links that the service's user creates meanwhile. Node's rm() may.
    const { code, stderr } = await execute("rm", ["-rf", "--", ...own]);
    return code === 0 ? undefined : stderr.trim();
  } catch (error) {
    return (error as Error).message;
  }
}

/** Removes the files and links, and finally the manifest. */
async function removeFiles(
  prepared: PreparedUninstall,
  manifest: Manifest,
  units: Units,
  { onStep, signal }: Options,
): Promise<void> {
  const { place, name } = prepared;
  // Before the units are removed: after a kill, a second call would not know the folders. If it finds none,
  // the record stays.
  if (prepared.keptFolders.length > 0 || prepared.cleanedFolders.length > 0)
    keepFolders(place, name, prepared.keptFolders, manifest.author);
  const files = manifest.files.map(({ path }) => basename(path));
  const { enabled } = await units.before(files.filter((file) => /\.(?:socket|service|timer)$/.test(file)));
  await units.disable(enabled);
  onStep({ type: "disabled", units: enabled });
  for (const path of prepared.files) {
    signal?.throwIfAborted();
    if (!existsSync(path)) continue;
    removeFile(path);
    onStep({ type: "removed", path });
  }
  await units.reload();
  onStep({ type: "reloaded" });
  if (units.manager) await resetLimits(units.manager, prepared.units);
  unsetDrained(place, name);
  inFolderOf(manifestPath(place, name), (folder, file) => folder.remove(file));
  removeEmptyFolders(place, name);
}

/** Checks that files can be removed, before anything is stopped. */
function checkWritable(files: readonly string[]): void {
  for (const path of files) {
    try {
      accessSync(dirname(path), constants.W_OK);
    } catch (error) {
      throw writeError(path, error);
    }
  }
}

/** A unit without a file can't be stopped, unless it still runs. */
async function loadedOf(manager: ServiceManager, units: readonly string[]): Promise<string[]> {
  const names = units.filter((unit) => !unit.includes("@."));
  const shown = await manager.show(names, ["LoadState", "ActiveState"]);
  return names.filter((_, index) => {
    const { LoadState, ActiveState } = shown[index]!;
    return LoadState !== "not-found" || ActiveState !== "inactive";
  });
}
