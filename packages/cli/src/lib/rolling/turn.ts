import {
  hasCrashed,
  type Instance,
  instances,
  isAsleep,
  isLast,
  isUp,
  newest,
  otherInstance,
} from "./instances.ts";
import { repairHint, RollingError, type Voice } from "./rolling-error.ts";
import type { RollingEvent, RollingResult } from "./rolling-options.ts";
import { type Refusal, ServiceManager } from "../systemd/service-manager.ts";
import { ServiceUnits } from "./service-units.ts";
import { startInstance } from "./start-instance.ts";
import { describeStates, halfwayError, lostError, socketError } from "./turn-errors.ts";

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

/** Makes the errors of systemctl. */
const systemctlError =
  (voice: Voice) =>
  (message: string, refusal: Refusal, cause: unknown): RollingError => {
    const hints = {
      missing: "Run it on the machine of the service.",
      denied: `Run it as root, or as a user whom polkit allows to manage the units; ${voice.user} for a unit of the user's own manager.`,
      unreachable: `Run it on the machine of the service; ${voice.user} for a unit of the user's own manager.`,
    };
    const hint = refusal === undefined ? repairHint(voice) : hints[refusal];
    return new RollingError("SOCKACT_ERR_ROLL_SYSTEMCTL", message, hint, { cause });
  };

/** One rolling restart, while its lock is held. */
export class Turn {
  readonly #options: TurnOptions;
  readonly #units: ServiceUnits;
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
    this.#units = new ServiceUnits(name, this.#manager, voice);
  }

  async run(): Promise<RollingResult> {
    const { signal, lost, emit } = this.#options;
    try {
      return await this.#replace();
    } catch (error) {
      const readStates = () => this.#units.readStatesIfPossible(this.#managerFor(READ_GRACE_MS));
      if (signal?.aborted) {
        const { blue, green } = (await readStates()) ?? {};
        emit({
          type: "aborted",
          states: blue && green && { blue: blue.ActiveState, green: green.ActiveState },
        });
      } else if (lost.aborted) {
        // Another call may have begun, so this one changes nothing more.
        const states = describeStates(this.#units, await readStates());
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
    const states = await this.#units.readStates(this.#manager);
    for (const instance of instances) this.#units.checkInstance(instance, states[instance]);
    const sockets = await this.#units.readSockets(states, this.#manager);
    const from = newest(states);
    if (from === undefined) {
      const failed = sockets.filter(({ ActiveState }) => ActiveState === "failed");
      if (failed.length > 0) throw socketError(this.#units, failed, states);
      const listens = sockets.some(({ ActiveState }) => ActiveState === "active");
      return { outcome: listens ? "asleep" : "stopped" };
    }
    const to = otherInstance(from);
    if (isUp(states[to])) await this.#stop(to);
    await startInstance(to, {
      units: this.#units,
      manager: this.#manager,
      emit: this.#options.emit,
      despiteAbort: (action, atLeast) => this.#despiteAbort(action, atLeast),
    });
    this.#ready = to;
    const drained = await this.#despiteAbort(
      () => this.#stop(from, this.#options.waitForDrain),
      (manager) => this.#stop(from, false, manager),
    );
    return { outcome: "turned", from, to, drained };
  }

  /** Runs `action`. If the signal is aborted before that has ended, runs `atLeast` for a short time, so that nothing is left half done. */
  async #despiteAbort<T>(
    action: () => Promise<T>,
    atLeast: (manager: ServiceManager) => Promise<unknown>,
  ): Promise<T> {
    try {
      return await action();
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
  async #stop(instance: Instance, wait = true, manager = this.#manager): Promise<boolean | undefined> {
    const { emit } = this.#options;
    const kept = otherInstance(instance);
    const unit = this.#units.nameOf(instance);
    const turned = this.#ready === kept;
    let lastStep = `${unit} was not stopped`;
    try {
      const before = turned
        ? await this.#units.readSettledStates(kept, manager)
        : await this.#units.readStates(manager);
      if (isLast(instance, before) && !(turned && isAsleep(before[kept]))) {
        throw lostError(this.#units, kept, before, lastStep);
      }
      if (this.#stopping !== instance) emit({ type: "stopping", instance });
      this.#stopping = instance;
      await this.#stopUnit(unit, wait, manager);
      if (!wait) return undefined;
      lastStep = `${unit} was told to stop`;
      const after = await this.#units.readStates(manager);
      const drained = after[instance].Result === "success";
      emit({ type: "stopped", instance, drained });
      if (turned && hasCrashed(after[kept])) {
        const next =
          after[kept].ActiveState === "failed"
            ? `the next connection starts ${this.#units.nameOf("blue")}`
            : `systemd starts it again after its RestartSec=, ${after[kept].RestartUSec}`;
        throw lostError(this.#units, kept, after, next);
      }
      return drained;
    } catch (error) {
      if (!(error instanceof RollingError) || error.code === "SOCKACT_ERR_ROLL_LOST") throw error;
      throw halfwayError(this.#units, error, lastStep, await this.#units.readStatesIfPossible(manager));
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
