import { setTimeout as delay } from "node:timers/promises";
import { CliError } from "../shared/cli-error.ts";
import { ServiceManager } from "../systemd/service-manager.ts";
import { Change } from "./change.ts";
import type { Place } from "./places.ts";
import { resetLimits, Units, type UnitsBefore } from "./units.ts";

/** Puts back what a call has left halfway that was killed. Resolves to whether there was anything. */
export async function recover(place: Place, name: string): Promise<boolean> {
  Change.clean(place, name);
  const change = Change.pending(place, name);
  if (change === undefined) return false;
  await rollBack(place, change);
  return true;
}

/** Puts the files, the enablement and what runs back as they were before a change. */
export async function rollBack(place: Place, change: Change): Promise<void> {
  // Not the manager of the caller: its signal may be aborted.
  const manager = place.root === "/" ? new ServiceManager({ user: place.user }) : undefined;
  const units = new Units(place.root, manager);
  const { before } = change;
  const now = await insist(() => units.before(before.units));
  // While their files are there: `disable` reads in them which links to remove.
  await insist(() => units.disable(now.enabled.filter((unit) => !before.enabled.includes(unit))));
  change.revertFiles();
  if (manager !== undefined) await insist(() => stopForgotten(manager, change));
  await insist(() => units.reload());
  await insist(() => units.enable(before.enabled.filter((unit) => !now.enabled.includes(unit))));
  if (manager !== undefined) await insist(() => restoreRunning(manager, before));
  change.forget();
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

/** Stops what did not run, and starts what did. What has run all the time is left alone. */
async function restoreRunning(manager: ServiceManager, before: UnitsBefore): Promise<void> {
  const now = await new Units("/", manager).before(before.units);
  const stopped = Object.keys(now.active).filter((unit) => !(unit in before.active));
  if (stopped.length > 0) await manager.mustRun("stop", "--", ...stopped);
  await resetLimits(manager, before.units);
  const restarted = Object.entries(before.active)
    .filter(([unit, invocation]) => now.active[unit] !== invocation)
    .map(([unit]) => unit);
  if (restarted.length > 0) await manager.mustRun("restart", "--", ...restarted);
}

/** Ctrl-C in a terminal ends a systemctl too. What puts things back goes on nevertheless. */
async function insist<Result>(action: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await action();
    } catch (error) {
      const isKilled = error instanceof CliError && /was killed by/.test(error.message);
      if (!isKilled || attempt === 10) throw error;
      await delay(50);
    }
  }
}
