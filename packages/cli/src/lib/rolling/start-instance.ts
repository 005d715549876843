import {
  type Instance,
  isAsleep,
  isLast,
  isUp,
  otherInstance,
  type State,
  type States,
} from "./instances.ts";
import { RollingError } from "./rolling-error.ts";
import type { RollingEvent } from "./rolling-options.ts";
import type { ServiceUnits } from "./service-units.ts";
import { deadline } from "../shared/deadline.ts";
import type { Ended } from "../shared/execute.ts";
import { readJournal, syncJournal, untilRestart } from "../systemd/journal.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import { serves } from "../systemd/unit-state.ts";
import { halfwayError, notReadyError, socketError } from "./turn-errors.ts";

/** How many lines of the journal the error has, and how long reading them may take. */
const JOURNAL_LINES = 30;
const JOURNAL_LIMIT_MS = 5_000;

/** The parts of a rolling restart that a start uses. */
export interface StartContext {
  units: ServiceUnits;
  manager: ServiceManager;
  emit: (event: RollingEvent) => void;
  /** Runs `action`. If the signal is aborted before that has ended, runs `atLeast` for a short time. */
  despiteAbort: <T>(
    action: () => Promise<T>,
    atLeast: (manager: ServiceManager) => Promise<unknown>,
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
  const { units, manager, emit } = context;
  const unit = units.nameOf(instance);
  const before = (await units.readStates(manager))[instance];
  const since = Date.now();
  emit({ type: "starting", instance });
  try {
    const ended = await manager.run("start", "--", unit);
    const after = await units.readSettledStates(instance, manager);
    if (ended.code === 0 && (serves(after[instance]) || (await sleeps(unit, after[instance], manager)))) {
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
  const journal = await lastLines(unit, since, manager);
  const { left, states } = await takeBack(instance, context);
  if (left === undefined) throw notReadyError(units, instance, states, journal);
  throw halfwayError(units, notReadyError(units, instance, undefined, journal), left, states);
}

/** Checks the sockets first: an instance starts only with its sockets, and systemd does not start a socket while its service runs. */
async function notBegunError(
  unit: string,
  ended: Ended,
  states: States,
  { units, manager }: StartContext,
): Promise<Error> {
  const sockets = await units.readSockets(states, manager);
  const closed = sockets.filter(({ ActiveState }) => ActiveState !== "active");
  return closed.length > 0 ? socketError(units, closed, states) : manager.refused(`start ${unit}`, ended);
}

/**
 * Whether an instance that systemd has started successfully, and that has ended since, has gone to sleep. systemd forgets the result of an
 * inactive unit. It also reports success for a start that it skipped because a condition of the unit is not met.
 */
async function sleeps(unit: string, state: State, manager: ServiceManager): Promise<boolean> {
  if (!isAsleep(state) || state.ExecCondition !== undefined) return false;
  const ended = await manager
    .runProgram("systemd-analyze", "condition", `--unit=${unit}`)
    .catch(() => undefined);
  manager.signal?.throwIfAborted();
  return ended?.code === 0;
}

/** The last lines of the unit's journal, the oldest first. Empty if the journal can't be read. A journald that hangs must not delay the restart. */
async function lastLines(unit: string, since: number, manager: ServiceManager): Promise<string[]> {
  const patient = manager.with(
    deadline(JOURNAL_LIMIT_MS, ...(manager.signal === undefined ? [] : [manager.signal])),
  );
  await syncJournal(patient);
  const journal = await readJournal(patient, [unit], { since, lines: JOURNAL_LINES }).catch(() => undefined);
  return untilRestart(journal?.entries ?? []).flatMap(({ message }) => message.split("\n"));
}

/** Undoes a start: it stops the instance, and clears its failed state. */
function takeBack(instance: Instance, { units, manager, despiteAbort }: StartContext): Promise<TakenBack> {
  return despiteAbort(
    () => stopAndReset(instance, units, manager),
    (withGrace) => stopAndReset(instance, units, withGrace),
  );
}

async function stopAndReset(
  instance: Instance,
  units: ServiceUnits,
  manager: ServiceManager,
): Promise<TakenBack> {
  const unit = units.nameOf(instance);
  const kept = units.nameOf(otherInstance(instance));
  const left = (why: string) => `${unit} was not stopped again: ${why}`;
  try {
    const before = await units.readStates(manager);
    if (isLast(instance, before)) return { left: left(`${kept} does not serve`), states: before };
    const { code, stderr } = await manager.run("stop", "--", unit);
    // It fails if there is nothing to reset.
    await manager.run("reset-failed", "--", unit);
    const states = await units.readStates(manager);
    return code === 0 || !isUp(states[instance]) ? { states } : { left: left(stderr.trim()), states };
  } catch (error) {
    if (!(error instanceof RollingError)) throw error;
    return { left: left(error.message), states: await units.readStatesIfPossible(manager) };
  }
}
