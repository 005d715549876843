import { setImmediate as immediate, setTimeout as delay } from "node:timers/promises";
import { loadProperties, mustBeLoaded, rewrite } from "./installed.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { RollingError } from "./rolling-error.ts";
import { hintFor, refused, Systemctl, type Ended, type Properties } from "./systemctl.ts";

/** The two instances of the template `<name>@.service`. */
export type Instance = "blue" | "green";

/** What a rolling restart is about to do, or has done. */
export type RollingEvent =
  /** Another rolling restart of the same service is under way; this one begins when that has ended. */
  | { type: "waiting" }
  /** The instance is being started; the other one serves. */
  | { type: "starting"; instance: Instance }
  /** The instance has said that it is ready, and accepts connections. */
  | { type: "ready"; instance: Instance }
  /** The instance is told to stop; it drains. */
  | { type: "stopping"; instance: Instance }
  /** The instance has stopped; `drained` is false if it was killed, or ended with an error. */
  | { type: "stopped"; instance: Instance; drained: boolean }
  /**
   * The signal was aborted during the turn, and the promise is about to reject. `states` has the `ActiveState` of both instances, such as
   * `active`; it is undefined if systemctl did not tell.
   */
  | { type: "aborted"; states: Record<Instance, string> | undefined };

export interface RollingOptions {
  /** Whether the units are of the user's own manager (`systemctl --user`); by default of the system's. */
  user?: boolean;
  /** Whether to wait until the old instance has drained, as by default; otherwise it drains after the promise has resolved. */
  waitForDrain?: boolean;
  /**
   * Ends the wait, and the promise rejects with the signal's reason. If the new instance is not ready yet, it is stopped again, and the
   * old one keeps serving. If it is ready, the old one is told to stop, and drains by itself. Systemd gets 3 seconds for this; after that
   * the promise rejects anyway, and systemd goes on with what it was told. The event `aborted` says what state both instances are in.
   */
  signal?: AbortSignal;
  /**
   * Called with each step. The turn neither waits for the callback nor fails with it: when the callback throws, or its promise rejects, the
   * turn goes on to its end, and then `rollingRestart` rejects with that error. If the turn itself fails, you get the error of the turn.
   * A promise that has not settled when the turn ends is not waited for, and an error that it rejects with later is dropped.
   */
  onEvent?: (event: RollingEvent) => unknown;
}

/** How a rolling restart ended. */
export type RollingResult =
  /** `to` serves in the place of `from`; `drained` is false if `from` was killed or ended with an error, and undefined without a wait. */
  | { outcome: "turned"; from: Instance; to: Instance; drained: boolean | undefined }
  /** Neither instance was up, and nothing was done: the next connection starts the new version. */
  | { outcome: "asleep" }
  /** Neither instance was up and no socket listens, as after `systemctl stop`; nothing was done. */
  | { outcome: "stopped" };

const instances = ["blue", "green"] as const;
const properties = [
  ...loadProperties,
  "ActiveState",
  "SubState",
  "Result",
  "Type",
  "TriggeredBy",
  "NeedDaemonReload",
  "InvocationID",
  "ActiveEnterTimestampMonotonic",
  "RestartUSec",
] as const;

const socketProperties = [...loadProperties, "ActiveState", "Result"] as const;

type Socket = Properties<(typeof socketProperties)[number]> & { unit: string };

/** Once the signal is aborted: how many milliseconds it may take to finish the turn or take it back, and then to see what came of it. */
const grace = { act: 2_000, look: 1_000 };

const again = "call rollingRestart again; it repairs what this call has left";

/** Systemctl leaves out the property ExecCondition if the unit has none. */
type State = Properties<(typeof properties)[number]> & { ExecCondition?: string };
type States = Record<Instance, State>;

const other = (instance: Instance): Instance => (instance === "blue" ? "green" : "blue");

const serves = ({ ActiveState }: State): boolean =>
  ["active", "reloading", "refreshing"].includes(ActiveState);
/** Also while it starts, or waits to be started again after a crash. */
const isUp = (state: State): boolean => serves(state) || state.ActiveState === "activating";

/** Whether an instance is the only one that serves. */
const isLast = (instance: Instance, states: States): boolean =>
  serves(states[instance]) && !serves(states[other(instance)]);

const isAsleep = ({ ActiveState, Result }: State): boolean =>
  ActiveState === "inactive" && Result === "success";

const hasCrashed = ({ ActiveState, SubState }: State): boolean =>
  ActiveState === "failed" || SubState.startsWith("auto-restart");

/**
 * Restarts a service with no wait: starts the instance that does not run, blue or green, and stops the other one once the new one is ready.
 *
 * The units are those that `emitUnits` of `@sockact/units` writes for `rolling: true`. Clients notice nothing: both instances accept from
 * the same sockets, and the old one finishes what it has begun. Where both are up, which an interrupted call leaves behind, the older one
 * is stopped and then started anew.
 *
 * Resolves to `{ outcome: "turned" }` once the old instance has stopped; to `{ outcome: "asleep" }` if none was up, or `"stopped"` if
 * their sockets were not either. Calls for the same service take turns.
 *
 * Rejects with a `RollingError`. With `ERR_ROLL_START` the new instance did not get ready: it was stopped again, and the old one serves as
 * before. With `ERR_ROLL_SOCKET` neither instance is up and a socket has failed, or the new instance cannot start without a socket; the
 * hint has the commands that bring the socket back. The instance that serves is never stopped unless the other one serves at that moment,
 * or has been ready in this turn and then gone to sleep: the next connection starts the new version. With `ERR_ROLL_LOCK` the lock could
 * not be taken, or was lost during the turn; after a loss both instances may be up, and the message says what state they are in.
 *
 * Calls take turns by a lock on `/run/sockact-<name>.lock`, which is root's. Where polkit allows another user to manage the units, root
 * lets that user lock the file: the hint of `ERR_ROLL_LOCK` has the line for tmpfiles.d(5).
 *
 * @param name - the service's name without `@` and suffix: `shop` for `shop@.service`
 */
export async function rollingRestart(name: string, options: RollingOptions = {}): Promise<RollingResult> {
  const { user = false, signal, onEvent } = options;
  if (typeof name !== "string" || !/^[\w:.\\][\w:.\\-]*$/.test(name) || /\.(?:service|socket)$/.test(name)) {
    const hint = "the template's name without @ and suffix: 'shop' for shop@.service";
    throw new RollingError("ERR_ROLL_NAME", `${JSON.stringify(name)} is not the name of a service`, hint);
  }
  signal?.throwIfAborted();
  const folder = user ? (process.env["XDG_RUNTIME_DIR"] ?? `/run/user/${process.getuid?.()}`) : "/run";
  const failures: unknown[] = [];
  const say = (event: RollingEvent) => {
    (async () => onEvent?.(event))().catch((error: unknown) => failures.push(error));
  };
  const lock = await oneAtATime(`${folder}/sockact-${name}.lock`, signal, () => say({ type: "waiting" }));
  let result: RollingResult;
  try {
    result = await new Turn(name, user, signal, lock.lost, say, options.waitForDrain ?? true).take();
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    await lock.giveBack();
  }
  // By then the callback of the last event has failed, if it does so at once.
  await immediate();
  if (failures.length > 0) throw failures[0];
  return result;
}

class Turn {
  readonly #name: string;
  readonly #user: boolean;
  readonly #signal: AbortSignal | undefined;
  /** Aborted when the lock is lost. */
  readonly #lost: AbortSignal;
  readonly #say: (event: RollingEvent) => void;
  readonly #waitForDrain: boolean;
  readonly #systemctl: Systemctl;
  /** The command, for hints. */
  readonly #command: string;
  #stopping: Instance | undefined;
  /** The instance that this turn has seen get ready. */
  #ready: Instance | undefined;

  constructor(
    name: string,
    user: boolean,
    signal: AbortSignal | undefined,
    lost: AbortSignal,
    say: (event: RollingEvent) => void,
    waitForDrain: boolean,
  ) {
    this.#name = name;
    this.#user = user;
    this.#signal = signal;
    this.#lost = lost;
    this.#say = say;
    this.#waitForDrain = waitForDrain;
    this.#systemctl = new Systemctl(user, signal ? AbortSignal.any([signal, lost]) : lost);
    this.#command = user ? "systemctl --user" : "systemctl";
  }

  async take(): Promise<RollingResult> {
    try {
      return await this.#turn();
    } catch (error) {
      const lookedAt = () => this.#lookIfPossible(new Systemctl(this.#user, AbortSignal.timeout(grace.look)));
      if (this.#signal?.aborted) {
        const states = await lookedAt();
        const { blue, green } = states ?? {};
        this.#say({
          type: "aborted",
          states: blue && green && { blue: blue.ActiveState, green: green.ActiveState },
        });
      } else if (this.#lost.aborted) {
        // Another turn may have begun, so this one touches nothing more.
        const message = `the lock was lost: its process has ended. ${this.#both(await lookedAt())}`;
        throw new RollingError("ERR_ROLL_LOCK", message, again);
      }
      throw error;
    }
  }

  async #turn(): Promise<RollingResult> {
    const states = await this.#look();
    for (const instance of instances) this.#check(instance, states[instance]);
    const sockets = await this.#lookAtSockets(states);
    const from = newest(states);
    if (from === undefined) {
      const failed = sockets.filter(({ ActiveState }) => ActiveState === "failed");
      if (failed.length > 0) throw this.#socketError(failed, states);
      const listens = sockets.some(({ ActiveState }) => ActiveState === "active");
      return { outcome: listens ? "asleep" : "stopped" };
    }
    const to = other(from);
    if (isUp(states[to])) await this.#stop(to);
    await this.#start(to);
    const drained = await this.#despiteAbort(
      () => this.#stop(from, this.#waitForDrain),
      (systemctl) => this.#stop(from, false, systemctl),
    );
    return { outcome: "turned", from, to, drained };
  }

  /** Runs `does`. If the signal is aborted before that has ended, runs `atLeast` for the time of grace, so that nothing is left half done. */
  async #despiteAbort<T>(
    does: () => Promise<T>,
    atLeast: (systemctl: Systemctl) => Promise<unknown>,
  ): Promise<T> {
    try {
      return await does();
    } catch (error) {
      if (this.#signal?.aborted && !this.#lost.aborted) {
        await atLeast(new Systemctl(this.#user, AbortSignal.timeout(grace.act))).catch(() => {});
      }
      throw error;
    }
  }

  async #start(instance: Instance): Promise<void> {
    const unit = this.#unit(instance);
    const before = (await this.#look())[instance];
    const since = Date.now();
    this.#say({ type: "starting", instance });
    try {
      const ended = await this.#systemctl.run("start", "--", unit);
      const after = await this.#lookAtSettled(instance);
      if (ended.code === 0 && (serves(after[instance]) || (await this.#sleeps(unit, after[instance])))) {
        this.#ready = instance;
        return this.#say({ type: "ready", instance });
      }
      if (after[instance].InvocationID === before.InvocationID && ended.code !== 0) {
        throw await this.#whyNotBegun(unit, ended, after);
      }
    } catch (error) {
      const { left, states } = await this.#giveUp(instance);
      throw left === undefined ? error : this.#halfway(error, left, states);
    }
    const journal = await this.#systemctl.journal(unit, since);
    const { left, states } = await this.#giveUp(instance);
    const old = other(instance);
    const beside = left === undefined && states;
    const message = !beside
      ? `${unit} did not get ready`
      : serves(beside[old])
        ? `${unit} did not get ready; ${this.#unit(old)} keeps serving`
        : `${unit} did not get ready, and ${this.#unit(old)} does not serve either: it is ${beside[old].ActiveState}`;
    const hint = `see its journal: journalctl ${this.#user ? "--user-unit" : "--unit"} ${unit}`;
    const error = new RollingError("ERR_ROLL_START", message, hint, { journal });
    if (left !== undefined) throw this.#halfway(error, left, states);
    throw error;
  }

  /** An instance starts only with its sockets, and systemd starts no socket whose service is up. */
  async #whyNotBegun(unit: string, ended: Ended, states: States): Promise<RollingError> {
    const closed = (await this.#lookAtSockets(states)).filter(({ ActiveState }) => ActiveState !== "active");
    return closed.length > 0
      ? this.#socketError(closed, states)
      : refused(`start ${unit}`, ended, `${this.#command} status ${unit} shows more`);
  }

  /**
   * Whether an instance that systemd has started successfully, and that has ended since, has gone to sleep. Systemd forgets all about an
   * inactive unit. It also calls a start successful that it has skipped, since a condition of the unit does not hold.
   */
  async #sleeps(unit: string, state: State): Promise<boolean> {
    return (
      isAsleep(state) && state.ExecCondition === undefined && (await this.#systemctl.conditionsHold(unit))
    );
  }

  /** Takes a start back: nothing is left of the instance, not even as a failed unit. Otherwise `left` says why. */
  #giveUp(instance: Instance): Promise<{ left?: string; states: States | undefined }> {
    return this.#despiteAbort(
      () => this.#takeBack(instance, this.#systemctl),
      (systemctl) => this.#takeBack(instance, systemctl),
    );
  }

  async #takeBack(
    instance: Instance,
    systemctl: Systemctl,
  ): Promise<{ left?: string; states: States | undefined }> {
    const unit = this.#unit(instance);
    const kept = other(instance);
    const left = (why: string) => `${unit} was not stopped again: ${why}`;
    try {
      const before = await this.#look(systemctl);
      if (isLast(instance, before))
        return { left: left(`${this.#unit(kept)} does not serve`), states: before };
      const { code, stderr } = await systemctl.run("stop", "--", unit);
      // It fails where there is nothing to reset.
      await systemctl.run("reset-failed", "--", unit);
      const states = await this.#look(systemctl);
      return code === 0 || !isUp(states[instance]) ? { states } : { left: left(stderr.trim()), states };
    } catch (error) {
      if (!(error instanceof RollingError)) throw error;
      return { left: left(error.message), states: await this.#lookIfPossible(systemctl) };
    }
  }

  /** Stops an instance, unless it is the last that serves; says whether it drained. */
  async #stop(instance: Instance, wait = true, systemctl = this.#systemctl): Promise<boolean | undefined> {
    const kept = other(instance);
    const unit = this.#unit(instance);
    const turned = this.#ready === kept;
    let so = `${unit} was not stopped`;
    try {
      const before = turned ? await this.#lookAtSettled(kept, systemctl) : await this.#look(systemctl);
      if (isLast(instance, before) && !(turned && isAsleep(before[kept]))) {
        throw this.#noLongerServes(kept, before, so);
      }
      if (this.#stopping !== instance) this.#say({ type: "stopping", instance });
      this.#stopping = instance;
      await this.#tellToStop(unit, wait, systemctl);
      if (!wait) return undefined;
      so = `${unit} was told to stop`;
      const after = await this.#look(systemctl);
      const drained = after[instance].Result === "success";
      this.#say({ type: "stopped", instance, drained });
      if (turned && hasCrashed(after[kept])) {
        const next =
          after[kept].ActiveState === "failed"
            ? `the next connection starts ${this.#unit("blue")}`
            : `systemd starts it again after its RestartSec=, ${after[kept].RestartUSec}`;
        throw this.#noLongerServes(kept, after, next);
      }
      return drained;
    } catch (error) {
      if (!(error instanceof RollingError) || error.code === "ERR_ROLL_LOST") throw error;
      throw this.#halfway(error, so, await this.#lookIfPossible(systemctl));
    }
  }

  async #tellToStop(unit: string, wait: boolean, systemctl: Systemctl): Promise<void> {
    let problem: string;
    let cause: unknown;
    try {
      const ended = await systemctl.run("stop", ...(wait ? [] : ["--no-block"]), "--", unit);
      if (ended.code === 0) return;
      problem = ended.stderr.trim();
    } catch (error) {
      if (!(error instanceof RollingError)) throw error;
      problem = error.message;
      cause = error;
    }
    throw new RollingError("ERR_ROLL_STOP", `${unit} could not be stopped: ${problem}`, again, { cause });
  }

  /** The error of a turn that ends half-way, with what state it leaves both instances in. */
  #halfway(error: unknown, so: string, states: States | undefined): unknown {
    if (!(error instanceof RollingError)) return error;
    const { code, message, journal } = error;
    const told = code === "ERR_ROLL_STOP" ? message : `${message}. ${so}`;
    const hint = hintFor(told, code === "ERR_ROLL_START" ? `${error.hint}; then ${again}` : again);
    return new RollingError(code, `${told}. ${this.#both(states)}`, hint, {
      journal,
      cause: error.cause ?? error,
    });
  }

  #both(states: States | undefined): string {
    const told = instances.map((instance) => `${this.#unit(instance)} is ${states?.[instance].ActiveState}`);
    return states ? told.join(", and ") : "What state the instances are in is not known";
  }

  #noLongerServes(instance: Instance, states: States, so: string): RollingError {
    const unit = this.#unit(instance);
    const { ActiveState, Result } = states[instance];
    return new RollingError(
      "ERR_ROLL_LOST",
      `${unit} no longer serves: it is ${ActiveState} (${Result}); ${so}`,
      `see its journal: journalctl ${this.#user ? "--user-unit" : "--unit"} ${unit}`,
    );
  }

  /** Refuses units that would not roll over. */
  #check(instance: Instance, state: State): void {
    const unit = this.#unit(instance);
    const refuse = (message: string, hint: string) => {
      throw new RollingError("ERR_ROLL_UNITS", `${unit} ${message}`, hint);
    };
    mustBeLoaded(unit, state, this.#command);
    if (socketsOf(state).length === 0) refuse("has no socket", `its template needs Sockets=; ${rewrite}`);
    if (!state.Type.startsWith("notify")) {
      refuse(`does not tell when it is ready: its type is ${state.Type}`, `Type=notify; ${rewrite}`);
    }
    if (state.NeedDaemonReload === "yes") {
      throw new RollingError(
        "ERR_ROLL_RELOAD",
        `${unit} has changed on disk since systemd read it`,
        `${this.#command} daemon-reload, then again`,
      );
    }
  }

  async #lookAtSockets(states: States): Promise<Socket[]> {
    const units = [...new Set(instances.flatMap((instance) => socketsOf(states[instance])))];
    const found = await this.#systemctl.show(units, socketProperties);
    const sockets = found.map((socket, at) => ({ ...socket, unit: units[at]! }));
    for (const socket of sockets) mustBeLoaded(socket.unit, socket, this.#command);
    return sockets;
  }

  #socketError(sockets: Socket[], states: States): RollingError {
    const units = sockets.map(({ unit }) => unit).join(" ");
    const seen = sockets.map(({ unit, ActiveState, Result }) => `${unit} is ${ActiveState} (${Result})`);
    const up = instances.filter((instance) => isUp(states[instance])).map((instance) => this.#unit(instance));
    const stop = up.length > 0 ? `${this.#command} stop ${up.join(" ")} && ` : "";
    const start = `${this.#command} reset-failed ${units} && ${this.#command} start ${units}`;
    return new RollingError(
      "ERR_ROLL_SOCKET",
      `${seen.join(", ")}; ${up.length > 0 ? `${up.join(" and ")} cannot be replaced while that is so` : "its clients are refused"}`,
      `${this.#command} status ${units} shows why. Then: ${stop}${start}`,
    );
  }

  async #look(systemctl = this.#systemctl): Promise<States> {
    const units = instances.map((instance) => this.#unit(instance));
    const [blue, green] = await systemctl.show(units, [...properties, "ExecCondition"]);
    return { blue: blue!, green: green! };
  }

  async #lookIfPossible(systemctl: Systemctl): Promise<States | undefined> {
    return this.#look(systemctl).catch(() => undefined);
  }

  /** Looks once an instance does not stop any more: one that does so by itself may go to sleep, or be started again. */
  async #lookAtSettled(instance: Instance, systemctl = this.#systemctl): Promise<States> {
    for (;;) {
      const states = await this.#look(systemctl);
      if (states[instance].ActiveState !== "deactivating") return states;
      await delay(100, undefined, { signal: systemctl.signal });
    }
  }

  #unit(instance: Instance): string {
    return `${this.#name}@${instance}.service`;
  }
}

/** A timer or a path unit may trigger the service too. */
const socketsOf = ({ TriggeredBy }: State): string[] =>
  TriggeredBy.split(" ").filter((unit) => unit.endsWith(".socket"));

/** The instance that serves, the younger one of two; otherwise one that is to serve. */
function newest(states: States): Instance | undefined {
  const age = (instance: Instance) => Number(states[instance].ActiveEnterTimestampMonotonic);
  const serving = instances.filter((instance) => serves(states[instance]));
  if (serving.length === 2) return age("blue") > age("green") ? "blue" : "green";
  return serving[0] ?? instances.find((instance) => isUp(states[instance]));
}
