import { deadline } from "../shared/deadline.ts";
import { systemdAnalyze } from "../systemd/analyze.ts";
import { readFailedStart } from "../systemd/journal.ts";
import { ServiceManager } from "../systemd/service-manager.ts";
import { serves } from "../systemd/unit-state.ts";
import {
  hasCrashed,
  type Instance,
  instances,
  isAsleep,
  isLast,
  isUp,
  newest,
  otherInstance,
  Pair,
  type Socket,
  type State,
  type States,
} from "./pair.ts";
import { RollingError, type Voice } from "./roll-error.ts";
import {
  checkInstance,
  checkLoaded,
  describeStates,
  halfwayError,
  lostError,
  notReadyError,
  repairHint,
  socketError,
  systemctlError,
} from "./roll-failures.ts";
import type { RollingEvent, RollingResult } from "./roll-options.ts";
import { type Step, takeStep } from "./step.ts";

/** How many lines of the journal the error has, and how long reading them may take. */
const JOURNAL_LINES = 30;
const JOURNAL_LIMIT_MS = 5_000;

/** The limits after an abort: to finish or undo the restart, and then to read the resulting states. */
const ABORT_GRACE_MS = 2_000;
const READ_GRACE_MS = 1_000;

export interface TurnOptions {
  user: boolean;
  waitForDrain: boolean;
  signal: AbortSignal | undefined;
  /** Aborted when the lock is lost. */
  lost: AbortSignal;
  voice: Voice;
  emit: (event: RollingEvent) => void;
}

/** The state after a failed start. */
interface TakenBack {
  /** Why the instance was not stopped again; left out if it was. */
  left?: string;
  states: States | undefined;
}

/** One rolling restart, while its lock is held. */
export class Turn {
  readonly #options: TurnOptions;
  readonly #pair: Pair;
  readonly #manager: ServiceManager;
  #stopping: Instance | undefined;
  /** The instance that became ready in this call. */
  #ready: Instance | undefined;

  constructor(name: string, options: TurnOptions) {
    const { user, signal, lost, voice } = options;
    this.#options = options;
    this.#manager = new ServiceManager({
      user,
      signal: signal ? AbortSignal.any([signal, lost]) : lost,
      asLibrary: systemctlError(voice),
    });
    this.#pair = new Pair(name, this.#manager, voice);
  }

  async run(): Promise<RollingResult> {
    const { signal, lost, emit } = this.#options;
    try {
      return await this.#replace();
    } catch (error) {
      const readStates = async () => this.#statesIfKnown(this.#managerFor(READ_GRACE_MS));
      if (signal?.aborted) {
        const { blue, green } = (await readStates()) ?? {};
        emit({
          type: "aborted",
          states: blue && green && { blue: blue.ActiveState, green: green.ActiveState },
        });
      } else if (lost.aborted) {
        // Another call may have begun, so this one changes nothing more.
        const states = describeStates(this.#pair, await readStates());
        throw new RollingError(
          "SOCKACT_ERR_ROLL_LOCK",
          `the lock was lost: its process has ended. ${states}`,
          repairHint(this.#options.voice),
        );
      }
      throw error;
    }
  }

  /** Starts the instance that does not run, then stops the other one. */
  async #replace(): Promise<RollingResult> {
    const states = await this.#pair.readStates(this.#manager);
    for (const instance of instances) checkInstance(this.#pair, instance, states[instance]);
    const sockets = await this.#readSockets(states);
    const from = newest(states);
    if (from === undefined) {
      const failed = sockets.filter(({ ActiveState }) => ActiveState === "failed");
      if (failed.length > 0) throw socketError(this.#pair, failed, states);
      const listens = sockets.some(({ ActiveState }) => ActiveState === "active");
      return { outcome: listens ? "asleep" : "stopped" };
    }
    const to = otherInstance(from);
    if (isUp(states[to])) await this.#stop(to, this.#manager);
    await this.#start(to);
    this.#ready = to;
    const drained = await this.#despiteAbort(
      async (manager) => this.#stop(from, manager, this.#options.waitForDrain),
      async (manager) => this.#stop(from, manager, false),
    );
    return { outcome: "turned", from, to, drained };
  }

  /** Starts an instance, and resolves when it is ready. If it does not become ready, it is stopped again. */
  async #start(instance: Instance): Promise<void> {
    const { emit } = this.#options;
    const pair = this.#pair;
    const manager = this.#manager;
    const unit = pair.nameOf(instance);
    const before = await pair.readStates(manager);
    const since = Date.now();
    emit({ type: "starting", instance });
    try {
      const { ended, seen } = await takeStep(manager, {
        command: ["start", "--", unit],
        ...this.#settled(instance, manager),
      });
      if (ended.code === 0 && (serves(seen[instance]) || (await sleeps(unit, seen[instance], manager))))
        return emit({ type: "ready", instance });
      if (ended.code !== 0 && seen[instance].InvocationID === before[instance].InvocationID) {
        // An instance starts only with its sockets, and systemd does not start a socket while its service
        // runs.
        const sockets = await this.#readSockets(seen);
        const closed = sockets.filter(({ ActiveState }) => ActiveState !== "active");
        throw closed.length > 0 ? socketError(pair, closed, seen) : manager.refused(`start ${unit}`, ended);
      }
    } catch (error) {
      const { left, states } = await this.#takeBack(instance);
      throw left === undefined || !(error instanceof RollingError)
        ? error
        : halfwayError(pair, error, left, states);
    }
    const journal = await lastMessages(unit, since, manager);
    const { left, states } = await this.#takeBack(instance);
    if (left === undefined) throw notReadyError(pair, instance, states, journal);
    throw halfwayError(pair, notReadyError(pair, instance, undefined, journal), left, states);
  }

  /** Undoes a start: it stops the instance, and clears its failed state. */
  async #takeBack(instance: Instance): Promise<TakenBack> {
    return this.#despiteAbort(async (manager) => this.#stopAndReset(instance, manager));
  }

  async #stopAndReset(instance: Instance, manager: ServiceManager): Promise<TakenBack> {
    const unit = this.#pair.nameOf(instance);
    const kept = this.#pair.nameOf(otherInstance(instance));
    const left = (why: string) => `${unit} was not stopped again: ${why}`;
    try {
      const before = await this.#pair.readStates(manager);
      if (isLast(instance, before)) return { left: left(`${kept} does not serve`), states: before };
      const { code, stderr } = await manager.run("stop", "--", unit);
      // It fails if there is nothing to reset.
      await manager.run("reset-failed", "--", unit);
      const states = await this.#pair.readStates(manager);
      return code === 0 || !isUp(states[instance]) ? { states } : { left: left(stderr.trim()), states };
    } catch (error) {
      if (!(error instanceof RollingError)) throw error;
      return { left: left(error.message), states: await this.#statesIfKnown(manager) };
    }
  }

  /**
   * Runs `action`. If the signal is aborted before that has ended, runs `atLeast` for a short time, so that
   * nothing is left half done.
   */
  async #despiteAbort<T>(
    action: (manager: ServiceManager) => Promise<T>,
    atLeast: (manager: ServiceManager) => Promise<unknown> = action,
  ): Promise<T> {
    try {
      return await action(this.#manager);
    } catch (error) {
      if (this.#options.signal?.aborted && !this.#options.lost.aborted) {
        await atLeast(this.#managerFor(ABORT_GRACE_MS)).catch(() => {});
      }
      throw error;
    }
  }

  #managerFor(milliseconds: number): ServiceManager {
    return this.#manager.with(AbortSignal.timeout(milliseconds));
  }

  /** Stops an instance, unless it is the last one that serves. Resolves to whether it drained. */
  async #stop(instance: Instance, manager: ServiceManager, wait = true): Promise<boolean | undefined> {
    const { emit } = this.#options;
    const kept = otherInstance(instance);
    const unit = this.#pair.nameOf(instance);
    const turned = this.#ready === kept;
    let lastStep = `${unit} was not stopped`;
    try {
      const before = turned
        ? (await takeStep(manager, this.#settled(kept, manager))).seen
        : await this.#pair.readStates(manager);
      if (isLast(instance, before) && !(turned && isAsleep(before[kept]))) {
        throw lostError(this.#pair, kept, before, lastStep);
      }
      if (this.#stopping !== instance) emit({ type: "stopping", instance });
      this.#stopping = instance;
      await this.#stopUnit(unit, wait, manager);
      if (!wait) return undefined;
      lastStep = `${unit} was told to stop`;
      const after = await this.#pair.readStates(manager);
      const drained = after[instance].Result === "success";
      emit({ type: "stopped", instance, drained });
      if (turned && hasCrashed(after[kept])) {
        const next =
          after[kept].ActiveState === "failed"
            ? `the next connection starts ${this.#pair.nameOf("blue")}`
            : `systemd starts it again after its RestartSec=, ${after[kept].RestartUSec}`;
        throw lostError(this.#pair, kept, after, next);
      }
      return drained;
    } catch (error) {
      if (!(error instanceof RollingError) || error.code === "SOCKACT_ERR_ROLL_LOST") throw error;
      throw halfwayError(this.#pair, error, lastStep, await this.#statesIfKnown(manager));
    }
  }

  async #stopUnit(unit: string, wait: boolean, manager: ServiceManager): Promise<void> {
    const args = ["stop", ...(wait ? [] : ["--no-block"]), "--", unit];
    try {
      const ended = await manager.run(...args);
      if (ended.code !== 0) throw manager.refused(`stop ${unit}`, ended);
    } catch (error) {
      if (!(error instanceof RollingError)) throw error;
      const { message, hint } = error;
      throw new RollingError("SOCKACT_ERR_ROLL_STOP", `${unit} could not be stopped: ${message}`, hint, {
        cause: error,
      });
    }
  }

  /**
   * Waits while an instance is stopping. An instance that stops by itself may go to sleep, or systemd may
   * start it again.
   */
  #settled(instance: Instance, manager: ServiceManager): Step<States> {
    return {
      look: async () => this.#pair.readStates(manager),
      isOver: (states) => states[instance].ActiveState !== "deactivating",
    };
  }

  async #statesIfKnown(manager: ServiceManager): Promise<States | undefined> {
    return this.#pair.readStates(manager).catch(() => undefined);
  }

  async #readSockets(states: States): Promise<Socket[]> {
    const sockets = await this.#pair.readSockets(states, this.#manager);
    for (const socket of sockets) checkLoaded(this.#pair, socket.unit, socket);
    return sockets;
  }
}

/**
 * Whether an instance that systemd has started successfully, and that has ended since, has gone to sleep.
 * systemd forgets the result of an inactive unit. It also reports success for a start that it skipped because
 * a condition of the unit is not met.
 */
async function sleeps(unit: string, state: State, manager: ServiceManager): Promise<boolean> {
  if (!isAsleep(state) || state.ExecCondition !== undefined) return false;
  const ended = await systemdAnalyze(manager, "condition", `--unit=${unit}`).catch(() => undefined);
  manager.signal?.throwIfAborted();
  return ended?.code === 0;
}

/**
 * The last messages of the unit in the journal. Empty if the journal can't be read. A journald that hangs
 * must not delay the restart.
 */
async function lastMessages(unit: string, since: number, manager: ServiceManager): Promise<string[]> {
  const patient = manager.with(
    deadline(JOURNAL_LIMIT_MS, ...(manager.signal === undefined ? [] : [manager.signal])),
  );
  const entries = await readFailedStart(patient, unit, { since, lines: JOURNAL_LINES }).catch(() => []);
  return entries.flatMap(({ message }) => message.split("\n"));
}
