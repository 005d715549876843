import { deadline } from "../shared/deadline.ts";
import { systemdAnalyze } from "../systemd/analyze.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import { serves } from "../systemd/unit-state.ts";
import {
  type Instance,
  isAsleep,
  isLast,
  isUp,
  otherInstance,
  type Pair,
  type Socket,
  type State,
  type States,
} from "./pair.ts";
import { RollingError } from "./roll-error.ts";
import { checkLoaded, halfwayError, notReadyError, socketError } from "./roll-failures.ts";
import type { RollingEvent } from "./roll-options.ts";
import { takeStep } from "./step.ts";

/** The number of journal lines in the error, and the time limit for reading them. */
const JOURNAL_LINES = 30;
const JOURNAL_LIMIT_MS = 5_000;

interface StartTools {
  pair: Pair;
  manager: ServiceManager;
  emit: (event: RollingEvent) => void;
  /** Runs an action, and after an abort runs it again with a short time limit. */
  despiteAbort: <T>(action: (manager: ServiceManager) => Promise<T>) => Promise<T>;
}

/** Starts an instance. Resolves when it is ready. If it does not become ready, stops it again. */
export async function startInstance(
  instance: Instance,
  { pair, manager, emit, despiteAbort }: StartTools,
): Promise<void> {
  const takeBack = async () => despiteAbort(async (patient) => stopAndReset(pair, instance, patient));
  const unit = pair.nameOf(instance);
  const before = await pair.readStates(manager);
  const since = Date.now();
  emit({ type: "starting", instance });
  try {
    const { ended, seen } = await takeStep(manager, {
      command: ["start", "--", unit],
      ...pair.settled(instance, manager),
    });
    if (ended.code === 0 && (serves(seen[instance]) || (await sleeps(unit, seen[instance], manager))))
      return emit({ type: "ready", instance });
    if (ended.code !== 0 && seen[instance].InvocationID === before[instance].InvocationID) {
      // An instance starts only with its sockets, and systemd does not start a socket while its service runs.
      const sockets = await loadedSockets(pair, seen, manager);
      const closed = sockets.filter(({ ActiveState }) => ActiveState !== "active");
      throw closed.length > 0 ? socketError(pair, closed, seen) : manager.refused(`start ${unit}`, ended);
    }
  } catch (error) {
    const { left, states } = await takeBack();
    throw left === undefined || !(error instanceof RollingError)
      ? error
      : halfwayError(pair, error, left, states);
  }
  const journal = await lastMessages(unit, since, manager);
  const { left, states } = await takeBack();
  if (left === undefined) throw notReadyError(pair, instance, states, journal);
  throw halfwayError(pair, notReadyError(pair, instance, undefined, journal), left, states);
}

/**
 * Undoes a start: stops the instance and resets its failed state. Resolves to the resulting states, and why
 * the instance still runs, if it does.
 */
async function stopAndReset(
  pair: Pair,
  instance: Instance,
  manager: ServiceManager,
): Promise<{ left?: string; states: States | undefined }> {
  const unit = pair.nameOf(instance);
  const kept = pair.nameOf(otherInstance(instance));
  const left = (why: string) => `${unit} was not stopped again: ${why}`;
  try {
    const before = await pair.readStates(manager);
    if (isLast(instance, before)) return { left: left(`${kept} does not serve`), states: before };
    const { code, stderr } = await manager.run("stop", "--", unit);
    // It fails if there is nothing to reset.
    await manager.run("reset-failed", "--", unit);
    const states = await pair.readStates(manager);
    return code === 0 || !isUp(states[instance]) ? { states } : { left: left(stderr.trim()), states };
  } catch (error) {
    if (!(error instanceof RollingError)) throw error;
    return { left: left(error.message), states: await pair.statesIfKnown(manager) };
  }
}

/** The sockets that start the service, all of them loaded. */
export async function loadedSockets(pair: Pair, states: States, manager: ServiceManager): Promise<Socket[]> {
  const sockets = await pair.readSockets(states, manager);
  for (const socket of sockets) checkLoaded(pair, socket.unit, socket);
  return sockets;
}

/**
 * Whether an instance that started successfully and has ended is asleep. systemd forgets the result of an
 * inactive unit, and also reports success for a start that a condition prevented.
 */
async function sleeps(unit: string, state: State, manager: ServiceManager): Promise<boolean> {
  if (!isAsleep(state) || state.ExecCondition !== undefined) return false;
  const ended = await systemdAnalyze(manager, "condition", `--unit=${unit}`).catch(() => undefined);
  manager.signal?.throwIfAborted();
  return ended?.code === 0;
}

/**
 * The last journal messages of the unit. Empty if the journal can't be read. A hanging journald must not
 * delay the restart.
 */
async function lastMessages(unit: string, since: number, manager: ServiceManager): Promise<string[]> {
  const patient = manager.with(
    deadline(JOURNAL_LIMIT_MS, ...(manager.signal === undefined ? [] : [manager.signal])),
  );
  // Only a failed start needs this code.
  const { readFailedStart } = await import("../systemd/failed-start.ts");
  const entries = await readFailedStart(patient, unit, { since, lines: JOURNAL_LINES }).catch(() => []);
  return entries.flatMap(({ message }) => message.split("\n"));
}
