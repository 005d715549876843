import { basename } from "node:path";
import { restartInstances } from "../../change/roll.ts";
import { calledCommand } from "../../shared/own-command.ts";
import type { ServiceManager } from "../../systemd/service-manager.ts";
import { startError } from "../failure.ts";
import {
  newSockets,
  type PreparedInstall,
  removedUnits,
  serviceOf,
  socketsOf,
  startersOf,
} from "../plan/plan.ts";
import { resetLimits, restartOpen, type UnitsBefore } from "../units.ts";
import type { ApplyOptions, InstallStep } from "./steps.ts";

/**
 * Starts the sockets, and restarts what has changed. A running service with the same files keeps running.
 *
 * @returns whether anything was started or restarted
 */
export async function startUnits(
  prepared: PreparedInstall,
  before: UnitsBefore,
  manager: ServiceManager,
  { onStep, signal }: ApplyOptions,
): Promise<boolean> {
  const { plan } = prepared;
  const isActive = (unit: string) => unit in before.active;
  const started = new Date().getTime();
  const sockets = socketsOf(plan);
  const starters = startersOf(plan);
  const wanted = starters.length > 0 ? starters : [serviceOf(plan)];
  const gone = removedUnits(prepared);
  // An instance is removed with its template.
  const removed = before.units.filter(
    (unit) => isActive(unit) && (gone.includes(unit) || gone.includes(unit.replace(/@.*\./, "@."))),
  );
  const services = before.units.filter(
    (unit) => unit.endsWith(".service") && isActive(unit) && !removed.includes(unit),
  );
  const steps: InstallStep[] = [];
  const did = (step: InstallStep) => {
    steps.push(step);
    onStep(step);
  };
  const restart = async (units: readonly string[]) => {
    const ended = await restartOpen(manager, units);
    if (ended.code !== 0) throw manager.refused(`restart ${units.join(" ")}`, ended);
  };
  const moved = newSockets(prepared).filter(isActive);
  const idle = wanted.filter((unit) => !isActive(unit));
  // The units that answer probes have no process of the app.
  const isOfHealth = (unit: string) => unit.startsWith(`${plan.name}-health`);
  const isServiceNew = prepared.files.some(
    ({ path, state }) =>
      ["new", "changed"].includes(state) &&
      !path.endsWith(".socket") &&
      path !== plan.site?.path &&
      !isOfHealth(basename(path)),
  );
  try {
    if (removed.length > 0) {
      // The timer may have started the service meanwhile, which would keep the new socket from starting.
      const timed = removed.some((unit) => unit.endsWith(".timer")) ? [serviceOf(plan)] : [];
      await manager.mustRun("stop", "--", ...removed, ...timed);
      did({ type: "stopped", units: removed });
    }
    await resetLimits(manager, before.units);
    if (services.length > 0 && [...moved, ...idle].some((unit) => !isOfHealth(unit))) {
      // In one transaction, systemd stops the service, then starts the sockets, and then the service with the
      // sockets.
      await restart([...moved, ...idle, ...services]);
      did({
        type: "restarted",
        units: [...moved, ...idle, ...services],
        how: moved.length > 0 ? "closed" : "queued",
      });
    } else {
      if (moved.length > 0) {
        await restart(moved);
        did({ type: "restarted", units: moved, how: "closed" });
      }
      if (idle.length > 0) {
        await manager.mustRun("start", "--", ...idle);
        did({ type: "started", units: idle });
      }
      if (isServiceNew && services.length > 0) {
        const isRolling = services.some((unit) => /@(?:blue|green)\./.test(unit));
        if (isRolling)
          await restartInstances(
            plan.name,
            { user: plan.user, signal },
            { again: `Run ${calledCommand()} again`, user: "with --user" },
          );
        else await manager.mustRun("restart", "--", ...services);
        did({
          type: "restarted",
          units: services,
          how: isRolling ? "rolling" : sockets.length > 0 ? "queued" : "closed",
        });
      }
    }
    const shown = await manager.show(wanted, ["ActiveState", "SubState"]);
    const failed = wanted.filter((_, index) => shown[index]!.ActiveState !== "active");
    if (failed.length > 0) throw new Error(`${failed.join(", ")}: not active`);
  } catch (cause) {
    signal?.throwIfAborted();
    throw await startError(manager, [...moved, ...idle, ...services], started, cause);
  }
  onStep({ type: "listening", units: wanted });
  return steps.length > 0;
}
