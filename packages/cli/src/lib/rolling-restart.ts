import { once } from "node:events";
import { setImmediate as immediate } from "node:timers/promises";
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
  | { type: "stopped"; instance: Instance; drained: boolean };

export interface RollingOptions {
  /** Whether the units are of the user's own manager (`systemctl --user`); by default of the system's. */
  user?: boolean;
  /** Whether to wait until the old instance has drained, as by default; otherwise it drains after the promise has resolved. */
  waitForDrain?: boolean;
  /**
   * Ends the wait, and the promise rejects with the signal's reason. If the new instance is not ready yet, it is stopped again, and the
   * old one keeps serving. If it is ready, the old one is told to stop, and drains by itself. Systemd gets 3 seconds for either; after that
   * the promise rejects anyway, and systemd goes on with what it was told.
   */
  signal?: AbortSignal;
  /**
   * Called with each step. The turn neither waits for the callback nor fails with it: when the callback throws, or its promise rejects, the
   * turn goes on to its end, and then `rollingRestart` rejects with that error. If the turn itself fails, you get the error of the turn.
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
] as const;

const socketProperties = [...loadProperties, "ActiveState", "Result"] as const;

type Socket = Properties<(typeof socketProperties)[number]> & { unit: string };
/** How many milliseconds a turn may take to be finished, or taken back, once the signal is aborted. */
const grace = 3_000;

type State = Properties<(typeof properties)[number]>;
type States = Record<Instance, State>;

const other = (instance: Instance): Instance => (instance === "blue" ? "green" : "blue");

const serves = ({ ActiveState }: State): boolean =>
  ["active", "reloading", "refreshing"].includes(ActiveState);
/** Also while it starts, or waits to be started again after a crash. */
const isUp = (state: State): boolean => serves(state) || state.ActiveState === "activating";

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
 * hint has the commands that bring the socket back. The instance that serves is never stopped unless the other one serves at that moment.
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
  const reports: Promise<unknown>[] = [];
  const say = (event: RollingEvent) => {
    const report = (async () => onEvent?.(event))();
    report.catch(() => {});
    reports.push(report);
  };
  const unlock = await oneAtATime(`${folder}/sockact-${name}.lock`, signal, () => say({ type: "waiting" }));
  let result: RollingResult;
  try {
    result = await new Turn(name, user, signal, say, options.waitForDrain ?? true).take();
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    await unlock();
  }
  await unlessAborted(Promise.all(reports), signal);
  return result;
}

/** Waits until all have settled, or until the signal is aborted; what has settled before counts. */
async function unlessAborted(promise: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  const over = new AbortController();
  const aborted = async () => {
    if (signal === undefined) return promise;
    await (signal.aborted ? immediate() : once(signal, "abort", { signal: over.signal }));
    throw signal.reason as Error;
  };
  try {
    await Promise.race([promise, aborted()]);
  } finally {
    over.abort();
  }
}

class Turn {
  readonly #name: string;
  readonly #user: boolean;
  readonly #signal: AbortSignal | undefined;
  readonly #say: (event: RollingEvent) => void;
  readonly #waitForDrain: boolean;
  readonly #systemctl: Systemctl;
  /** The command, for hints. */
  readonly #command: string;
  #stopping: Instance | undefined;

  constructor(
    name: string,
    user: boolean,
    signal: AbortSignal | undefined,
    say: (event: RollingEvent) => void,
    waitForDrain: boolean,
  ) {
    this.#name = name;
    this.#user = user;
    this.#signal = signal;
    this.#say = say;
    this.#waitForDrain = waitForDrain;
    this.#systemctl = new Systemctl(user, signal);
    this.#command = user ? "systemctl --user" : "systemctl";
  }

  async take(): Promise<RollingResult> {
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
      if (this.#signal?.aborted) {
        await atLeast(new Systemctl(this.#user, AbortSignal.timeout(grace))).catch(() => {});
      }
      throw error;
    }
  }

  async #start(instance: Instance): Promise<void> {
    const unit = this.#unit(instance);
    const before = (await this.#look())[instance];
    const since = Date.now();
    this.#say({ type: "starting", instance });
    let after: States;
    try {
      const ended = await this.#systemctl.run("start", "--", unit);
      after = await this.#look();
      if (ended.code === 0 && serves(after[instance])) return this.#say({ type: "ready", instance });
      if (after[instance].InvocationID === before.InvocationID && ended.code !== 0) {
        throw await this.#whyNotBegun(unit, ended, after);
      }
    } catch (error) {
      await this.#giveUp(instance).catch(() => {});
      throw error;
    }
    const journal = await this.#systemctl.journal(unit, since);
    const old = other(instance);
    const states = await this.#giveUp(instance);
    throw new RollingError(
      "ERR_ROLL_START",
      serves(states[old])
        ? `${unit} did not get ready; ${this.#unit(old)} keeps serving`
        : `${unit} did not get ready, and ${this.#unit(old)} does not serve either: it is ${states[old].ActiveState}`,
      `see its journal: journalctl ${this.#user ? "--user-unit" : "--unit"} ${unit}`,
      { journal },
    );
  }

  /** An instance starts only with its sockets, and systemd starts no socket whose service is up. */
  async #whyNotBegun(unit: string, ended: Ended, states: States): Promise<RollingError> {
    const closed = (await this.#lookAtSockets(states)).filter(({ ActiveState }) => ActiveState !== "active");
    return closed.length > 0
      ? this.#socketError(closed, states)
      : refused(`start ${unit}`, ended, `${this.#command} status ${unit} shows more`);
  }

  /** Takes a start back: nothing is left of the instance, not even as a failed unit. */
  #giveUp(instance: Instance): Promise<States> {
    const takeBack = async (systemctl: Systemctl) => {
      await systemctl.run("stop", "--", this.#unit(instance));
      await systemctl.run("reset-failed", "--", this.#unit(instance));
    };
    return this.#despiteAbort(async () => {
      await takeBack(this.#systemctl);
      return this.#look();
    }, takeBack);
  }

  /** Stops an instance, unless it is the last that serves; says whether it drained. */
  async #stop(instance: Instance, wait = true, systemctl = this.#systemctl): Promise<boolean | undefined> {
    const kept = other(instance);
    const unit = this.#unit(instance);
    const before = await this.#look(systemctl);
    if (serves(before[instance]) && !serves(before[kept])) {
      throw this.#lost(kept, before, `${unit} was not stopped`);
    }
    if (this.#stopping !== instance) this.#say({ type: "stopping", instance });
    this.#stopping = instance;
    let problem: string | undefined;
    let cause: unknown;
    try {
      const ended = await systemctl.run("stop", ...(wait ? [] : ["--no-block"]), "--", unit);
      if (ended.code !== 0) problem = ended.stderr.trim();
    } catch (error) {
      if (!(error instanceof RollingError)) throw error;
      problem = error.message;
      cause = error;
    }
    if (problem === undefined && !wait) return undefined;
    const after = await this.#look(systemctl);
    if (problem !== undefined) {
      throw new RollingError(
        "ERR_ROLL_STOP",
        `${unit} could not be stopped: ${problem}. It is ${after[instance].ActiveState}, and ${this.#unit(kept)} is ${after[kept].ActiveState}`,
        hintFor(problem, "call rollingRestart again; it repairs what this call has left"),
        { cause },
      );
    }
    const drained = after[instance].Result === "success";
    this.#say({ type: "stopped", instance, drained });
    // A service that has gone to sleep in the meantime is inactive, not failed.
    const crashed = after[kept].ActiveState === "failed" || after[kept].SubState === "auto-restart";
    if (crashed) throw this.#lost(kept, after, `the next connection starts ${this.#unit("blue")}`);
    return drained;
  }

  #lost(instance: Instance, states: States, so: string): RollingError {
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
    const [blue, green] = await systemctl.show(units, properties);
    return { blue: blue!, green: green! };
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
