import { ServiceManager } from "../systemd/service-manager.ts";
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
} from "./pair.ts";
import { RollingError, type Voice } from "./roll-error.ts";
import {
  checkInstance,
  describeStates,
  halfwayError,
  lostError,
  repairHint,
  socketError,
  systemctlError,
} from "./roll-failures.ts";
import type { RollingEvent, RollingResult } from "./roll-options.ts";
import { loadedSockets, startInstance } from "./start-instance.ts";
import { takeStep } from "./step.ts";

/** The time limits after an abort: to finish or undo the restart, and then to read the states. */
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

/** A rolling restart with its lock. */
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

  #within(limit: number): ServiceManager {
    return this.#manager.with(AbortSignal.timeout(limit));
  }

  async run(): Promise<RollingResult> {
    const { signal, lost, emit } = this.#options;
    try {
      return await this.#replace();
    } catch (error) {
      const readStates = async () => this.#pair.statesIfKnown(this.#within(READ_GRACE_MS));
      if (signal?.aborted) {
        const { blue, green } = (await readStates()) ?? {};
        emit({
          type: "aborted",
          states: blue && green && { blue: blue.ActiveState, green: green.ActiveState },
        });
      } else if (lost.aborted) {
        // Another call may have begun, so this one makes no more changes.
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

  /** Starts the stopped instance, then stops the other one. */
  async #replace(): Promise<RollingResult> {
    const states = await this.#pair.readStates(this.#manager);
    for (const instance of instances) checkInstance(this.#pair, instance, states[instance]);
    const sockets = await loadedSockets(this.#pair, states, this.#manager);
    const from = newest(states);
    if (from === undefined) {
      const failed = sockets.filter(({ ActiveState }) => ActiveState === "failed");
      if (failed.length > 0) throw socketError(this.#pair, failed, states);
      const listens = sockets.some(({ ActiveState }) => ActiveState === "active");
      return { outcome: listens ? "asleep" : "stopped" };
    }
    const to = otherInstance(from);
    if (isUp(states[to])) await this.#stop(to, this.#manager);
    await startInstance(to, {
      pair: this.#pair,
      manager: this.#manager,
      emit: this.#options.emit,
      despiteAbort: async (action) => this.#despiteAbort(action),
    });
    this.#ready = to;
    const drained = await this.#despiteAbort(
      async (manager) => this.#stop(from, manager, this.#options.waitForDrain),
      async (manager) => this.#stop(from, manager, false),
    );
    return { outcome: "turned", from, to, drained };
  }

  /** Runs `action`. If it is aborted, runs `atLeast` with a short time limit, to leave a consistent state. */
  async #despiteAbort<T>(
    action: (manager: ServiceManager) => Promise<T>,
    atLeast: (manager: ServiceManager) => Promise<unknown> = action,
  ): Promise<T> {
    try {
      return await action(this.#manager);
    } catch (error) {
      if (this.#options.signal?.aborted && !this.#options.lost.aborted) {
        await atLeast(this.#within(ABORT_GRACE_MS)).catch(() => {});
      }
      throw error;
    }
  }

  /** Stops an instance, unless no other one serves. Resolves to whether it drained. */
  async #stop(instance: Instance, manager: ServiceManager, wait = true): Promise<boolean | undefined> {
    const { emit } = this.#options;
    const kept = otherInstance(instance);
    const unit = this.#pair.nameOf(instance);
    const turned = this.#ready === kept;
    let lastStep = `${unit} was not stopped`;
    try {
      const before = turned
        ? (await takeStep(manager, this.#pair.settled(kept, manager))).seen
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
      throw halfwayError(this.#pair, error, lastStep, await this.#pair.statesIfKnown(manager));
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
}
