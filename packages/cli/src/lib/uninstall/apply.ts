import { basename, join } from "node:path";
import { inFolderOf, removeEmptyFolders } from "../install/change.ts";
import { locked } from "../install/lock.ts";
import { MANIFEST } from "../install/manifest.ts";
import { serviceFolder } from "../install/places.ts";
import { recover } from "../install/rollback.ts";
import { resetLimits, Units } from "../install/units.ts";
import { CliError } from "../shared/cli-error.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import { type PreparedUninstall, prepareUninstall } from "./prepare.ts";

/** What `applyUninstall` has just done. */
export type UninstallStep =
  /** Another `sockact install` or `uninstall` is under way; this one begins when that has ended. */
  | { type: "waiting" }
  /** An earlier call was killed halfway. What it had changed has been put back. */
  | { type: "recovered" }
  /** The services have finished what they had begun, and nothing listens any more. */
  | { type: "stopped"; units: string[] }
  | { type: "disabled"; units: string[] }
  | { type: "removed"; path: string }
  | { type: "reloaded" };

interface Options {
  manager: ServiceManager;
  purge: boolean;
  onStep?: ((step: UninstallStep) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Stops and removes an installation. The manifest goes last: after a call that was killed, another one finishes.
 *
 * @returns what was done, and what stays
 */
export async function applyUninstall(
  prepared: PreparedUninstall,
  options: Options,
): Promise<PreparedUninstall> {
  const { onStep = () => {}, signal } = options;
  try {
    return await locked(
      prepared.place,
      signal,
      () => onStep({ type: "waiting" }),
      () => applyInTurn(prepared, { ...options, onStep }),
    );
  } catch (cause) {
    if (!signal?.aborted) throw cause;
    const exitCode = signal.reason === "SIGTERM" ? 143 : 130;
    const message = `interrupted before ${prepared.name} was uninstalled`;
    throw new CliError("ERR_INSTALL_INTERRUPTED", message, "Call it again to finish.", { exitCode, cause });
  }
}

async function applyInTurn(
  { place, name }: PreparedUninstall,
  { manager, purge, onStep, signal }: Options & { onStep: (step: UninstallStep) => void },
): Promise<PreparedUninstall> {
  if (await recover(place, name)) {
    onStep({ type: "recovered" });
    removeEmptyFolders(place, name);
  }
  const prepared = await prepareUninstall(place, name, { manager, purge }).catch((error: unknown) => {
    if ((error as CliError).code === "ERR_INSTALL_UNKNOWN") return undefined;
    throw error;
  });
  // What a killed call had begun has been put back, and there was nothing else.
  if (prepared?.manifest === undefined)
    return { place, name, manifest: undefined, files: [], units: [], socketFiles: [], cleaned: [], kept: [] };
  signal?.throwIfAborted();

  const units = new Units(place.root, manager);
  if (units.manager) {
    const loaded = await loadedOf(manager, prepared.units);
    if (loaded.length > 0) await manager.mustRun("stop", "--", ...loaded);
    onStep({ type: "stopped", units: loaded });
    signal?.throwIfAborted();
    await clean(manager, loaded, prepared);
    for (const path of prepared.socketFiles) {
      inFolderOf(path, (folder, file) => {
        if (!folder.stat(file)?.isSocket()) return;
        folder.remove(file);
        onStep({ type: "removed", path });
      });
    }
  }
  const files = prepared.manifest.files.map(({ path }) => basename(path));
  const enabled = (await units.before(files.filter((file) => /\.(?:socket|service)$/.test(file)))).enabled;
  await units.disable(enabled);
  onStep({ type: "disabled", units: enabled });
  for (const path of prepared.files) {
    signal?.throwIfAborted();
    inFolderOf(path, (folder, file) => {
      folder.remove(file);
      folder.sync();
    });
    onStep({ type: "removed", path });
  }
  await units.reload();
  onStep({ type: "reloaded" });
  if (units.manager) await resetLimits(manager, prepared.units);
  inFolderOf(join(serviceFolder(place, name), MANIFEST), (folder, file) => folder.remove(file));
  removeEmptyFolders(place, name);
  return prepared;
}

/** A unit whose file is gone already can't be stopped, unless it still runs. */
async function loadedOf(manager: ServiceManager, units: readonly string[]): Promise<string[]> {
  const names = units.filter((unit) => !unit.includes("@."));
  const shown = await manager.show(names, ["LoadState", "ActiveState"]);
  return names.filter((_, index) => {
    const { LoadState, ActiveState } = shown[index]!;
    return LoadState !== "not-found" || ActiveState !== "inactive";
  });
}

/** Only systemd knows where the data of a service with DynamicUser= is. */
async function clean(
  manager: ServiceManager,
  units: readonly string[],
  { cleaned }: PreparedUninstall,
): Promise<void> {
  const services = units.filter((unit) => unit.endsWith(".service"));
  if (cleaned.length === 0 || services.length === 0) return;
  await manager.mustRun("clean", ...cleaned.map((kind) => `--what=${kind}`), "--", ...services);
}
