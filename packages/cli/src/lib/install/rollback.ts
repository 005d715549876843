import { setTimeout as delay } from "node:timers/promises";
import { CliError } from "../shared/cli-error.ts";
import { ProgramError } from "../shared/execute.ts";
import { ServiceManager } from "../systemd/service-manager.ts";
import { Change } from "./change.ts";
import { whyNotStarted } from "./failure.ts";
import { exists, removeSocketFile } from "./outside.ts";
import type { Place } from "./places.ts";
import type { NotStarted } from "./plan.ts";
import { inFolderOf } from "./safe-folder.ts";
import { resetLimits, restartOpen, Units, type UnitsBefore } from "./units.ts";

/** The lines about units that do not start again. */
export function notStartedText(notStarted: readonly NotStarted[]): string[] {
  return notStarted.flatMap(({ unit, why }) => [
    `But ${unit} ran before, and does not start again:`,
    ...why.map((line) => `  ${line}`),
  ]);
}

interface RollBackOptions {
  /** Whether to start the units that ran before. */
  start?: boolean;
}

/** Undoes the changes of a call that was killed. Resolves to the units that do not start again, or to undefined if there was nothing to undo. */
export async function recover(
  place: Place,
  name: string,
  options: RollBackOptions = {},
): Promise<NotStarted[] | undefined> {
  Change.clean(place, name);
  const change = Change.pending(place, name);
  return change && rollBack(place, change, options);
}

/** Restores the files, the enabled units and the running units as they were before a change. */
export async function rollBack(
  place: Place,
  change: Change,
  { start = true }: RollBackOptions = {},
): Promise<NotStarted[]> {
  // Not the manager of the caller: its signal may be aborted.
  const manager = place.root === "/" ? new ServiceManager({ user: place.user }) : undefined;
  const units = new Units(place.root, manager);
  const { before } = change;
  const now = await insist(() => units.before(before.units));
  // While their files are there: `disable` reads in them which links to remove, and `clean` where the folders are.
  await insist(() => units.disable(now.enabled.filter((unit) => !before.enabled.includes(unit))));
  if (manager !== undefined) await insist(() => removeMade(manager, change));
  change.revertFiles();
  if (manager !== undefined) {
    await insist(() => stopForgotten(manager, change));
    // A socket that ran before has kept its new address until now.
    await removeMadePaths(change);
  }
  await insist(() => units.reload());
  await insist(() => units.enable(before.enabled.filter((unit) => !now.enabled.includes(unit))));
  const notStarted = manager === undefined ? [] : await insist(() => restoreRunning(manager, before, start));
  change.forget();
  return notStarted;
}

/** Removes the folders and files that systemd has created for the new units. */
async function removeMade(manager: ServiceManager, change: Change): Promise<void> {
  const { before, absent } = change;
  if (absent.folders.length === 0 && absent.paths.length === 0) return;
  const units = before.units.filter((unit) => !(unit in before.active) && !unit.includes("@."));
  const shown = await manager.show(units, ["Id", "LoadState"]);
  const loaded = units.filter((_, index) => shown[index]!.LoadState === "loaded");
  if (loaded.length > 0) await manager.mustRun("stop", "--", ...loaded);
  const services = loaded.filter((unit) => unit.endsWith(".service"));
  if (services.length > 0 && absent.folders.length > 0) {
    // A unit that has failed can't be cleaned.
    await resetLimits(manager, services);
    // If this fails, an empty folder or unused data stays. The other folders can still be removed.
    await manager.run("clean", ...absent.folders.map((kind) => `--what=${kind}`), "--", ...services);
  }
  await removeMadePaths(change);
}

/** Removes the files of unix sockets without a listener, and the folders of such files. */
async function removeMadePaths({ absent }: Change): Promise<void> {
  for (const path of absent.paths) if (exists(path)) await removeMadePath(path);
}

async function removeMadePath(path: string): Promise<void> {
  try {
    if (!(await removeSocketFile(path))) return;
    inFolderOf(path, (folder, file) => {
      if (folder.stat(file)?.isDirectory()) folder.removeFolder(file);
    });
  } catch (error) {
    // Another user may change its folder.
    if ((error as CliError).code !== "SOCKACT_ERR_INSTALL_PATH") throw error;
  }
}

/**
 * Stops the sockets that systemd has loaded in their new version. At that moment, `daemon-reload` closes each address that the new file
 * does not have, and the unit stays active without it.
 */
async function stopForgotten(manager: ServiceManager, change: Change): Promise<void> {
  const { before } = change;
  const sockets = Object.keys(before.addresses);
  const shown = await manager.show(sockets, ["Id", "Listen"]);
  const forgotten = sockets.filter((unit, index) => shown[index]!.Listen !== before.addresses[unit]);
  if (forgotten.length > 0) await manager.mustRun("stop", "--", ...forgotten);
}

/** Stops the units that did not run before, and starts those that did. Units that kept running are left alone. */
async function restoreRunning(
  manager: ServiceManager,
  before: UnitsBefore,
  start: boolean,
): Promise<NotStarted[]> {
  const now = await new Units("/", manager).before(before.units);
  const stopped = Object.keys(now.active).filter((unit) => !(unit in before.active));
  if (stopped.length > 0) await manager.mustRun("stop", "--", ...stopped);
  await resetLimits(manager, before.units);
  const restarted = Object.entries(before.active)
    .filter(([unit, invocation]) => now.active[unit] !== invocation)
    .map(([unit]) => unit);
  if (restarted.length === 0 || !start) return [];
  const since = Date.now();
  const { code } = await restartOpen(manager, restarted);
  if (code === 0) return [];
  const shown = await manager.show(restarted, ["Id", "ActiveState"]);
  const failed = restarted.filter((_, index) => !["active", "reloading"].includes(shown[index]!.ActiveState));
  return Promise.all(
    failed.map(async (unit) => ({ unit, why: await whyNotStarted(manager, [unit], since) })),
  );
}

/** Ctrl-C in a terminal ends a systemctl too. The undo continues nevertheless. */
async function insist<Result>(action: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await action();
    } catch (error) {
      const isKilled =
        error instanceof CliError && error.cause instanceof ProgramError && error.cause.isKilled;
      if (!isKilled || attempt === 10) throw error;
      await delay(50);
    }
  }
}
