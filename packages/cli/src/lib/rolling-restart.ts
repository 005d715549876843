import { oneAtATime } from "./one-at-a-time.ts";
import { RollingError } from "./rolling-error.ts";
import { refused, Systemctl, type Properties } from "./systemctl.ts";

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
   * Ends the wait. Before the new instance is ready, it is stopped again and the old one serves on; later, the old one drains by itself.
   * The promise rejects with the signal's reason.
   */
  signal?: AbortSignal;
  /** Called with each step. */
  onEvent?: (event: RollingEvent) => void;
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
  "LoadState",
  "LoadError",
  "ActiveState",
  "SubState",
  "Result",
  "Type",
  "TriggeredBy",
  "NeedDaemonReload",
  "InvocationID",
  "ActiveEnterTimestampMonotonic",
] as const;

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
 * before. The instance that serves is never stopped unless the other one serves at that moment.
 *
 * @param name - the service's name without `@` and suffix: `shop` for `shop@.service`
 */
export async function rollingRestart(name: string, options: RollingOptions = {}): Promise<RollingResult> {
  const { user = false, signal, onEvent = () => {} } = options;
  if (typeof name !== "string" || !/^[\w:.\\][\w:.\\-]*$/.test(name) || /\.(?:service|socket)$/.test(name)) {
    const hint = "the template's name without @ and suffix: 'shop' for shop@.service";
    throw new RollingError("ERR_ROLL_NAME", `${JSON.stringify(name)} is not the name of a service`, hint);
  }
  signal?.throwIfAborted();
  const folder = user ? (process.env["XDG_RUNTIME_DIR"] ?? `/run/user/${process.getuid?.()}`) : "/run";
  const unlock = await oneAtATime(`${folder}/sockact-${name}.lock`, signal, () =>
    onEvent({ type: "waiting" }),
  );
  try {
    return await new Turn(name, options).take();
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    await unlock();
  }
}

class Turn {
  readonly #name: string;
  readonly #options: RollingOptions;
  readonly #systemctl: Systemctl;

  constructor(name: string, options: RollingOptions) {
    this.#name = name;
    this.#options = options;
    this.#systemctl = new Systemctl(options.user ?? false, options.signal);
  }

  async take(): Promise<RollingResult> {
    const states = await this.#look();
    for (const instance of instances) this.#check(instance, states[instance]);
    const from = newest(states);
    if (from === undefined) return { outcome: (await this.#listens(states)) ? "asleep" : "stopped" };
    const to = other(from);
    if (isUp(states[to])) await this.#stop(to);
    await this.#start(to);
    const drained = await this.#stop(from, this.#options.waitForDrain ?? true);
    return { outcome: "turned", from, to, drained };
  }

  async #start(instance: Instance): Promise<void> {
    const unit = this.#unit(instance);
    const before = (await this.#look())[instance];
    const since = Date.now();
    this.#say({ type: "starting", instance });
    try {
      const ended = await this.#systemctl.run("start", "--", unit);
      const after = (await this.#look())[instance];
      if (ended.code === 0 && serves(after)) return this.#say({ type: "ready", instance });
      const begun = after.InvocationID !== before.InvocationID;
      if (!begun && ended.code !== 0) throw refused(`start ${unit}`, ended);
    } catch (error) {
      if (this.#options.signal?.aborted) await this.#giveUp(instance);
      throw error;
    }
    const journal = await this.#systemctl.journal(unit, since);
    const old = other(instance);
    const states = await this.#giveUp(instance);
    throw new RollingError(
      "ERR_ROLL_START",
      serves(states[old])
        ? `${unit} did not get ready; ${this.#unit(old)} serves on`
        : `${unit} did not get ready, and ${this.#unit(old)} does not serve either: it is ${states[old].ActiveState}`,
      `see its journal: journalctl ${this.#options.user ? "--user-unit" : "--unit"} ${unit}`,
      { journal },
    );
  }

  /** Takes a start back: nothing is left of the instance, not even as a failed unit. */
  async #giveUp(instance: Instance): Promise<States> {
    const systemctl = new Systemctl(this.#options.user ?? false);
    await systemctl.run("stop", "--", this.#unit(instance));
    await systemctl.run("reset-failed", "--", this.#unit(instance));
    return this.#look(systemctl);
  }

  /** Stops an instance, unless it is the last that serves; tells whether it drained. */
  async #stop(instance: Instance, wait = true): Promise<boolean | undefined> {
    const kept = other(instance);
    const unit = this.#unit(instance);
    const before = await this.#look();
    if (serves(before[instance]) && !serves(before[kept])) {
      throw this.#lost(kept, before, `${unit} was not stopped`);
    }
    this.#say({ type: "stopping", instance });
    const ended = await this.#systemctl.run("stop", ...(wait ? [] : ["--no-block"]), "--", unit);
    if (ended.code !== 0) {
      const message = `${unit} could not be stopped, and both instances may be up: ${ended.stderr.trim()}`;
      throw new RollingError("ERR_ROLL_STOP", message, "call it again, which stops the older one first");
    }
    if (!wait) return undefined;
    const after = await this.#look();
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
      `see its journal: journalctl ${this.#options.user ? "--user-unit" : "--unit"} ${unit}`,
    );
  }

  /** Refuses units that would not roll over. */
  #check(instance: Instance, state: State): void {
    const unit = this.#unit(instance);
    const refuse = (message: string, hint: string) => {
      throw new RollingError("ERR_ROLL_UNITS", `${unit} ${message}`, hint);
    };
    const rewrite = "write both units with rolling: true of @sockact/units";
    if (state.LoadState !== "loaded") {
      const why = state.LoadError === "" ? state.LoadState : state.LoadError.replace(/^\S+ "(.*)"$/s, "$1");
      refuse(`cannot be loaded: ${why}`, `${rewrite}, install them, then systemctl daemon-reload`);
    }
    if (state.TriggeredBy === "") refuse("has no socket", `its template needs Sockets=; ${rewrite}`);
    if (!state.Type.startsWith("notify")) {
      refuse(`does not tell when it is ready: its type is ${state.Type}`, `Type=notify; ${rewrite}`);
    }
    if (state.NeedDaemonReload === "yes") {
      throw new RollingError(
        "ERR_ROLL_RELOAD",
        `${unit} has changed on disk since systemd read it`,
        "systemctl daemon-reload, then again",
      );
    }
  }

  async #listens(states: States): Promise<boolean> {
    const units = instances.flatMap((instance) => states[instance].TriggeredBy.split(" "));
    const sockets = await this.#systemctl.show([...new Set(units)], ["ActiveState"]);
    return sockets.some(({ ActiveState }) => ActiveState === "active");
  }

  async #look(systemctl = this.#systemctl): Promise<States> {
    const units = instances.map((instance) => this.#unit(instance));
    const [blue, green] = await systemctl.show(units, properties);
    return { blue: blue!, green: green! };
  }

  #unit(instance: Instance): string {
    return `${this.#name}@${instance}.service`;
  }

  #say(event: RollingEvent): void {
    this.#options.onEvent?.(event);
  }
}

/** The instance that serves, the younger one of two; otherwise one that is to serve. */
function newest(states: States): Instance | undefined {
  const age = (instance: Instance) => Number(states[instance].ActiveEnterTimestampMonotonic);
  const serving = instances.filter((instance) => serves(states[instance]));
  if (serving.length === 2) return age("blue") > age("green") ? "blue" : "green";
  return serving[0] ?? instances.find((instance) => isUp(states[instance]));
}
