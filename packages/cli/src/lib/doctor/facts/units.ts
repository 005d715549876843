import process from "node:process";
import { listOf, showUnits } from "../../shared/properties.ts";
import type { Evidence } from "../model/diagnosis.ts";
import { METRICS } from "../../systemd/timed-service.ts";
import type { Host, Subject } from "../model/subject.ts";

/** systemd's version, such as 257. */
export async function systemdVersion({ manager }: Host): Promise<number> {
  return manager.version();
}

/** All properties of a unit, as `systemctl show` prints them. Repeated properties have a line each. */
export class Unit {
  readonly unit: string;
  readonly #values: Readonly<Record<string, string>>;
  readonly #systemctl: string;

  constructor(unit: string, values: Readonly<Record<string, string>>, systemctl = "systemctl") {
    this.unit = unit;
    this.#values = values;
    this.#systemctl = systemctl;
  }

  /** The value, or an empty string if the unit does not have the property. */
  get(name: string): string {
    return this.#values[name] ?? "";
  }

  /** The words of a value, such as those of TriggeredBy=. */
  list(name: string): string[] {
    return listOf(this.get(name));
  }

  /** Some properties as evidence. */
  show(...names: readonly string[]): Evidence[] {
    return names.map((name) => this.evidence(`${name}=${this.get(name)}`));
  }

  /** What its properties say, as evidence. */
  evidence(text: string): Evidence {
    return { text, source: `${this.#systemctl} show ${this.unit}` };
  }

  /** Its `ActiveState`, such as `active` or `failed`. */
  get state(): string {
    return this.get("ActiveState");
  }

  /** Whether the unit was found and could be read. */
  get isLoaded(): boolean {
    return this.get("LoadState") === "loaded";
  }

  /**
   * Whether a condition prevented its start. systemd also prints `no` if it has never checked the conditions.
   */
  get isConditionUnmet(): boolean {
    return this.get("ConditionResult") === "no" && this.get("ConditionTimestampMonotonic") !== "0";
  }

  /** The working directory of its processes. */
  get folder(): string {
    return this.get("WorkingDirectory").replace(/^[!-]+/, "") || "/";
  }
}

/** All units of the subject, the service first. */
export async function allUnits({ units, host, systemctl }: Subject): Promise<Unit[]> {
  const show = async (...args: string[]) => host.manager.mustRun("show", ...args);
  const blocks = await showUnits<string>(show, units, ["--all"]);
  return units.map((unit, index) => new Unit(unit, blocks[index] ?? {}, systemctl));
}

/** The service. */
export async function serviceUnit(subject: Subject): Promise<Unit> {
  return (await subject.get(allUnits))[0]!;
}

/** Each socket unit. */
export async function socketUnits(subject: Subject): Promise<Unit[]> {
  return (await subject.get(allUnits)).slice(1);
}

/** The timers that start the service. */
export async function timerUnits(subject: Subject): Promise<Unit[]> {
  const loaded = (await subject.get(serviceUnit)).list("TriggeredBy");
  // systemd has not loaded a timer that is stopped and not enabled.
  const own = subject.name === METRICS ? [`${METRICS}.timer`] : [];
  const names = [...new Set([...loaded, ...own])].filter((unit) => unit.endsWith(".timer"));
  const found = await subject.host.manager.show(names, ["Id", "LoadState", "ActiveState", "UnitFileState"]);
  return found.map((values, index) => new Unit(names[index]!, values, subject.systemctl));
}

/** The state of each unit that the service requires, other than its sockets, in the order of its file. */
export async function requirements(subject: Subject): Promise<Unit[]> {
  const service = await subject.get(serviceUnit);
  const names = ["Requires", "Requisite", "BindsTo"].flatMap((directive) => service.list(directive));
  const units = [...new Set(names)].filter((unit) => !subject.units.includes(unit));
  const found = await subject.host.manager.show(units, ["Id", "LoadState", "ActiveState"]);
  return found.map((values, index) => new Unit(units[index]!, values, subject.systemctl));
}

/**
 * Whether the unit is from a package and unused: it is not enabled, and has not been started since the boot.
 */
export function isUnusedOfVendor(unit: Unit): boolean {
  return (
    /^(?:\/usr\/(?!local\/)|\/lib\/)/.test(unit.get("FragmentPath")) &&
    !unit.get("UnitFileState").startsWith("enabled") &&
    unit.get("InactiveExitTimestampMonotonic") === "0"
  );
}

/**
 * How long a start takes at most, in milliseconds. After that, the app serves, and no longer counts as
 * crashing.
 */
export const STARTING_MS = 10_000;

/** How long the main process has been running, in milliseconds; 0 without a main process. */
export function uptime(service: Unit): number {
  return service.get("MainPID") === "0" ? 0 : since(service.get("ExecMainStartTimestampMonotonic"));
}

/**
 * How long ago a monotonic time of a property was, in milliseconds. systemd and hrtime use the same clock.
 */
export function since(monotonic: string): number {
  return Number(process.hrtime.bigint() / 1_000_000n) - Number(monotonic) / 1000;
}
