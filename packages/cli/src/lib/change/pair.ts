import { listOf, type Properties } from "../shared/properties.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import { isRestarting, serves } from "../systemd/unit-state.ts";
import type { Voice } from "./roll-error.ts";
import type { Step } from "./step.ts";

/** The two instances of the template `<name>@.service`. */
export type Instance = "blue" | "green";

export const instances = ["blue", "green"] as const;

export const otherInstance = (instance: Instance): Instance => (instance === "blue" ? "green" : "blue");

const properties = [
  "LoadState",
  "LoadError",
  "FragmentPath",
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

/** The state of a unit. systemctl omits ExecCondition if the unit has none. */
export type State = Properties<(typeof properties)[number]> & { ExecCondition?: string };
export type States = Record<Instance, State>;

/** A socket unit that starts the service, with the properties that a socket has. */
export type Socket = State & { unit: string };

/** Also while it starts, or waits for a restart after a crash. */
export const isUp = (state: State): boolean => serves(state) || state.ActiveState === "activating";

/** Whether only this instance serves. */
export const isLast = (instance: Instance, states: States): boolean =>
  serves(states[instance]) && !serves(states[otherInstance(instance)]);

export const isAsleep = ({ ActiveState, Result }: State): boolean =>
  ActiveState === "inactive" && Result === "success";

export const hasCrashed = (state: State): boolean => state.ActiveState === "failed" || isRestarting(state);

/** Timers and path units may trigger the service too. */
export const socketsOf = ({ TriggeredBy }: State): string[] =>
  listOf(TriggeredBy).filter((unit) => unit.endsWith(".socket"));

/** The instance that serves (the younger of two), or else one that is starting. */
export function newest(states: States): Instance | undefined {
  const age = (instance: Instance) => Number(states[instance].ActiveEnterTimestampMonotonic);
  const serving = instances.filter((instance) => serves(states[instance]));
  if (serving.length === 2) return age("blue") > age("green") ? "blue" : "green";
  return serving[0] ?? instances.find((instance) => isUp(states[instance]));
}

/** The units of a service: both instances of its template, and its sockets. */
export class Pair {
  readonly #name: string;
  readonly #user: boolean;
  /** The command that manages these units, for hints. */
  readonly systemctl: string;
  readonly voice: Voice;

  constructor(name: string, { user, systemctl }: ServiceManager, voice: Voice) {
    this.#name = name;
    this.#user = user;
    this.systemctl = systemctl;
    this.voice = voice;
  }

  nameOf(instance: Instance): string {
    return `${this.#name}@${instance}.service`;
  }

  /** The hint with the command for an instance's journal. */
  journalHint(instance: Instance): string {
    return `Read its journal: journalctl ${this.#user ? "--user-unit" : "--unit"} ${this.nameOf(instance)}`;
  }

  async readStates(manager: ServiceManager): Promise<States> {
    const units = instances.map((instance) => this.nameOf(instance));
    const [blue, green] = await manager.show(units, [...properties, "ExecCondition"]);
    return { blue: blue!, green: green! };
  }

  async readSockets(states: States, manager: ServiceManager): Promise<Socket[]> {
    const units = [...new Set(instances.flatMap((instance) => socketsOf(states[instance])))];
    const found = await manager.show(units, properties);
    return found.map((socket, index) => ({ ...socket, unit: units[index]! }));
  }

  /** Waits while an instance stops. It may then sleep, or systemd may start it again. */
  settled(instance: Instance, manager: ServiceManager): Step<States> {
    return {
      look: async () => this.readStates(manager),
      isOver: (states) => states[instance].ActiveState !== "deactivating",
    };
  }

  async statesIfKnown(manager: ServiceManager): Promise<States | undefined> {
    return this.readStates(manager).catch(() => undefined);
  }
}
