import {
  type Instance,
  isAsleep,
  isLast,
  isUp,
  otherInstance,
  serves,
  type State,
  type States,
} from "./instances.ts";
import { RollingError } from "./rolling-error.ts";
import type { RollingEvent } from "./rolling-options.ts";
import type { ServiceUnits } from "./service-units.ts";
import type { Ended } from "../shared/execute.ts";
import { refused, type Systemctl } from "./systemctl.ts";
import { halfwayError, notReadyError, socketError } from "./turn-errors.ts";

/** The parts of a rolling restart that a start uses. */
export interface StartContext {
  units: ServiceUnits;
  systemctl: Systemctl;
  emit: (event: RollingEvent) => void;
  /** Runs `action`. If the signal is aborted before that has ended, runs `atLeast` for a short time. */
  despiteAbort: <T>(
    action: () => Promise<T>,
    atLeast: (systemctl: Systemctl) => Promise<unknown>,
  ) => Promise<T>;
}

/** The state after a failed start. */
interface TakenBack {
  /** Why the instance was not stopped again; left out if it was. */
  left?: string;
  states: States | undefined;
}

/** Starts an instance, and resolves when it is ready. If it does not become ready, it is stopped again. */
export async function startInstance(instance: Instance, context: StartContext): Promise<void> {
  const { units, systemctl, emit } = context;
  const unit = units.nameOf(instance);
  const before = (await units.readStates(systemctl))[instance];
  const since = Date.now();
  emit({ type: "starting", instance });
  try {
    const ended = await systemctl.run("start", "--", unit);
    const after = await units.readSettledStates(instance, systemctl);
    if (ended.code === 0 && (serves(after[instance]) || (await sleeps(unit, after[instance], systemctl)))) {
      return emit({ type: "ready", instance });
    }
    if (after[instance].InvocationID === before.InvocationID && ended.code !== 0) {
      throw await notBegunError(unit, ended, after, context);
    }
  } catch (error) {
    const { left, states } = await takeBack(instance, context);
    throw left === undefined || !(error instanceof RollingError)
      ? error
      : halfwayError(units, error, left, states);
  }
  const journal = await systemctl.journal(unit, since);
  const { left, states } = await takeBack(instance, context);
  if (left === undefined) throw notReadyError(units, instance, states, journal);
  throw halfwayError(units, notReadyError(units, instance, undefined, journal), left, states);
}

/** Checks the sockets first: an instance starts only with its sockets, and systemd does not start a socket while its service runs. */
async function notBegunError(
  unit: string,
  ended: Ended,
  states: States,
  { units, systemctl }: StartContext,
): Promise<RollingError> {
  const sockets = await units.readSockets(states, systemctl);
  const closed = sockets.filter(({ ActiveState }) => ActiveState !== "active");
  return closed.length > 0
    ? socketError(units, closed, states)
    : refused(`start ${unit}`, ended, `${units.command} status ${unit} shows more`);
}

/**
 * Whether an instance that systemd has started successfully, and that has ended since, has gone to sleep. systemd forgets the result of an
 * inactive unit. It also reports success for a start that it skipped because a condition of the unit is not met.
 */
async function sleeps(unit: string, state: State, systemctl: Systemctl): Promise<boolean> {
  return isAsleep(state) && state.ExecCondition === undefined && (await systemctl.conditionsHold(unit));
}

/** Undoes a start: it stops the instance, and clears its failed state. */
function takeBack(instance: Instance, { units, systemctl, despiteAbort }: StartContext): Promise<TakenBack> {
  return despiteAbort(
    () => stopAndReset(instance, units, systemctl),
    (withGrace) => stopAndReset(instance, units, withGrace),
  );
}

async function stopAndReset(
  instance: Instance,
  units: ServiceUnits,
  systemctl: Systemctl,
): Promise<TakenBack> {
  const unit = units.nameOf(instance);
  const kept = units.nameOf(otherInstance(instance));
  const left = (why: string) => `${unit} was not stopped again: ${why}`;
  try {
    const before = await units.readStates(systemctl);
    if (isLast(instance, before)) return { left: left(`${kept} does not serve`), states: before };
    const { code, stderr } = await systemctl.run("stop", "--", unit);
    // It fails if there is nothing to reset.
    await systemctl.run("reset-failed", "--", unit);
    const states = await units.readStates(systemctl);
    return code === 0 || !isUp(states[instance]) ? { states } : { left: left(stderr.trim()), states };
  } catch (error) {
    if (!(error instanceof RollingError)) throw error;
    return { left: left(error.message), states: await units.readStatesIfPossible(systemctl) };
  }
}
