import { basename, dirname, join } from "node:path";
import { accessSync, constants } from "node:fs";
import { removeEmptyFolders } from "../install/change.ts";
import { unsetDrained } from "../install/drained.ts";
import { interruptedCode } from "../install/interrupt.ts";
import { inTurn, locked } from "../install/lock.ts";
import { keepFolders } from "../install/kept-folders.ts";
import { type Manifest, MANIFEST } from "../install/manifest.ts";
import { serviceFolder } from "../install/places.ts";
import { removeSocketFile } from "../install/outside.ts";
import { recover } from "../install/rollback.ts";
import { inFolderOf } from "../install/safe-folder.ts";
import { resetLimits, Units } from "../install/units.ts";
import { writeError } from "../install/write-error.ts";
import { CliError } from "../shared/cli-error.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import { type PreparedUninstall, prepareUninstall } from "./prepare.ts";

/** A step that `applyUninstall` has just taken. */
export type UninstallStep =
  /** Another `sockact install` or `uninstall` runs. This one begins when the other has ended. */
  | { type: "waiting" }
  /** An earlier call was killed halfway. Its changes have been undone. */
  | { type: "recovered" }
  /** The services have finished their open requests, and no socket listens any more. */
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
      prepared.name,
      signal,
      () => onStep({ type: "waiting" }),
      () => applyInTurn(prepared, { ...options, onStep }),
    );
  } catch (cause) {
    if (!signal?.aborted) throw cause;
    const exitCode = interruptedCode(signal);
    const message = `interrupted before ${prepared.name} was uninstalled`;
    throw new CliError("SOCKACT_ERR_INSTALL_INTERRUPTED", message, "Run the command again to finish.", {
      exitCode,
      cause,
    });
  }
}

async function applyInTurn(
  { place, name }: PreparedUninstall,
  { manager, purge, onStep, signal }: Options & { onStep: (step: UninstallStep) => void },
): Promise<PreparedUninstall> {
  const onWait = () => onStep({ type: "waiting" });
  await inTurn(place, signal, onWait, async () => {
    // The units that ran before need not start again: they are stopped next.
    if (!(await recover(place, name, { start: false }))) return;
    onStep({ type: "recovered" });
    removeEmptyFolders(place, name);
  });
  const found = await prepareUninstall(place, name, { manager, purge }).catch((error: unknown) => {
    if ((error as CliError).code === "SOCKACT_ERR_INSTALL_UNKNOWN") return undefined;
    throw error;
  });
  // The changes of a killed call were undone, and nothing else was installed.
  if (found?.manifest === undefined)
    return {
      place,
      name,
      manifest: undefined,
      files: [],
      units: [],
      socketFiles: [],
      cleaned: [],
      cleanedFolders: [],
      keptFolders: [],
      kept: [],
    };
  const prepared = { ...found, manifest: found.manifest };
  signal?.throwIfAborted();
  checkWritable(prepared.files);

  const units = new Units(place.root, manager);
  if (units.manager) {
    const loaded = await loadedOf(manager, prepared.units);
    if (loaded.length > 0) await manager.mustRun("stop", "--", ...loaded);
    onStep({ type: "stopped", units: loaded });
    signal?.throwIfAborted();
    await clean(manager, loaded, prepared);
    for (const path of prepared.socketFiles) {
      if (await removeSocketFile(path)) onStep({ type: "removed", path });
      else
        prepared.kept.push({
          path,
          why: "another program listens there, or another user may change its folder",
        });
    }
  }
  await inTurn(place, signal, onWait, () => removeFiles(prepared, units, { onStep, signal }));
  return prepared;
}

/** Removes the files and the links, and the manifest at the end. */
async function removeFiles(
  prepared: PreparedUninstall & { manifest: Manifest },
  units: Units,
  { onStep, signal }: Pick<Options, "signal"> & { onStep: (step: UninstallStep) => void },
): Promise<void> {
  const { place, name } = prepared;
  // Before the units go: a second call after a kill would not know the folders. If it finds none, the record stays.
  if (prepared.keptFolders.length > 0 || prepared.cleaned.length > 0)
    keepFolders(place, name, prepared.keptFolders, prepared.manifest.author);
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
  if (units.manager) await resetLimits(units.manager, prepared.units);
  unsetDrained(place, name);
  inFolderOf(join(serviceFolder(place, name), MANIFEST), (folder, file) => folder.remove(file));
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
  // A unit that has failed can't be cleaned.
  await resetLimits(manager, services);
  await manager.mustRun("clean", ...cleaned.map((kind) => `--what=${kind}`), "--", ...services);
}
