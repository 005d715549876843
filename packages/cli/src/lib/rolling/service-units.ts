import { setTimeout as delay } from "node:timers/promises";
import { loadProperties, mustBeLoaded, rewrite } from "./installed.ts";
import {
  type Instance,
  instanceProperties,
  instances,
  socketsOf,
  type State,
  type States,
} from "./instances.ts";
import { RollingError, type Voice } from "./rolling-error.ts";
import type { Properties } from "../shared/properties.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";

/** A socket unit that starts the service. */
export type Socket = Properties<(typeof loadProperties)[number] | "ActiveState" | "Result"> & {
  unit: string;
};

/** The units of one service: both instances of its template, and the sockets that start them. */
export class ServiceUnits {
  readonly #name: string;
  readonly #user: boolean;
  /** The command that manages these units, for hints. */
  readonly command: string;
  readonly voice: Voice;

  constructor(name: string, { user, systemctl }: ServiceManager, voice: Voice) {
    this.#name = name;
    this.#user = user;
    this.command = systemctl;
    this.voice = voice;
  }

  nameOf(instance: Instance): string {
    return `${this.#name}@${instance}.service`;
  }

  /** The hint with the command that shows an instance's journal. */
  journalHint(instance: Instance): string {
    return `Read its journal: journalctl ${this.#user ? "--user-unit" : "--unit"} ${this.nameOf(instance)}`;
  }

  async readStates(manager: ServiceManager): Promise<States> {
    const units = instances.map((instance) => this.nameOf(instance));
    const [blue, green] = await manager.show(units, [
      ...loadProperties,
      ...instanceProperties,
      "ExecCondition",
    ]);
    return { blue: blue!, green: green! };
  }

  async readStatesIfPossible(manager: ServiceManager): Promise<States | undefined> {
    return this.readStates(manager).catch(() => undefined);
  }

  /** Waits while an instance is stopping. An instance that stops by itself may go to sleep, or systemd may start it again. */
  async readSettledStates(instance: Instance, manager: ServiceManager): Promise<States> {
    for (;;) {
      const states = await this.readStates(manager);
      if (states[instance].ActiveState !== "deactivating") return states;
      await delay(100, undefined, { signal: manager.signal });
    }
  }

  async readSockets(states: States, manager: ServiceManager): Promise<Socket[]> {
    const units = [...new Set(instances.flatMap((instance) => socketsOf(states[instance])))];
    const found = await manager.show(units, [...loadProperties, "ActiveState", "Result"]);
    const sockets = found.map((socket, index) => ({ ...socket, unit: units[index]! }));
    for (const socket of sockets) mustBeLoaded(socket.unit, socket, this.command);
    return sockets;
  }

  /** Refuses an instance whose unit does not allow a rolling restart. */
  checkInstance(instance: Instance, state: State): void {
    const unit = this.nameOf(instance);
    const refuse = (message: string, hint: string) => {
      throw new RollingError("SOCKACT_ERR_ROLL_UNITS", `${unit} ${message}`, hint);
    };
    mustBeLoaded(unit, state, this.command);
    if (socketsOf(state).length === 0) refuse("has no socket", `${rewrite}. Its template needs Sockets=.`);
    if (!state.Type.startsWith("notify")) {
      refuse(
        `does not report when it is ready: its type is ${state.Type}`,
        `${rewrite}. Its template needs Type=notify.`,
      );
    }
    if (state.NeedDaemonReload === "yes") {
      throw new RollingError(
        "SOCKACT_ERR_ROLL_RELOAD",
        `${unit} has changed on disk since systemd read it`,
        `Let systemd read it: ${this.command} daemon-reload\n${this.voice.again}.`,
      );
    }
  }
}
