import process from "node:process";
import { listOf, showUnits } from "../../shared/properties.ts";
import type { Subject } from "../model/subject.ts";

/** All properties of a unit, as `systemctl show` prints them. A property that is printed several times has a line for each. */
export class UnitProperties {
  readonly unit: string;
  readonly #values: Readonly<Record<string, string>>;

  constructor(unit: string, values: Readonly<Record<string, string>>) {
    this.unit = unit;
    this.#values = values;
  }

  /** The value, or an empty string if the unit does not have the property. */
  get(name: string): string {
    return this.#values[name] ?? "";
  }

  /** The words of a value, such as those of TriggeredBy=. */
  list(name: string): string[] {
    return listOf(this.get(name));
  }

  /** Whether the unit was found and could be read. */
  get isLoaded(): boolean {
    return this.get("LoadState") === "loaded";
  }
}

/** The properties of all units of the subject, by their names. */
async function properties({ units, host }: Subject): Promise<Map<string, UnitProperties>> {
  const show = async (...args: string[]) => host.manager.mustRun("show", ...args);
  const blocks = await showUnits<string>(show, units, ["--all"]);
  return new Map(units.map((unit, index) => [unit, new UnitProperties(unit, blocks[index] ?? {})]));
}

/** The properties of the service. */
export async function serviceProperties(subject: Subject): Promise<UnitProperties> {
  return (await subject.get(properties)).get(subject.service)!;
}

/** The properties of each socket unit. */
export async function socketProperties(subject: Subject): Promise<UnitProperties[]> {
  const all = await subject.get(properties);
  return subject.sockets.map((unit) => all.get(unit)!);
}

/** Whether the unit comes from a package and is not used: it is not enabled, and was not started since the boot. */
export function isUnusedOfVendor(unit: UnitProperties): boolean {
  return (
    /^(?:\/usr\/(?!local\/)|\/lib\/)/.test(unit.get("FragmentPath")) &&
    !unit.get("UnitFileState").startsWith("enabled") &&
    unit.get("InactiveExitTimestampMonotonic") === "0"
  );
}

/** How long an app may take until it serves, in milliseconds. */
export const STARTING_MS = 10_000;

/** How long the main process has been running, in milliseconds; 0 without a main process. */
export function uptime(service: UnitProperties): number {
  return service.get("MainPID") === "0" ? 0 : since(service.get("ExecMainStartTimestampMonotonic"));
}

/** How long ago a time of a property was, in milliseconds. systemd and hrtime use the same monotonic clock. */
export function since(monotonic: string): number {
  return Number(process.hrtime.bigint() / 1_000_000n) - Number(monotonic) / 1000;
}
