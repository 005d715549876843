import type { Subject } from "../model/subject.ts";

/** All properties of a unit, as `systemctl show` prints them. A property that is printed several times has a line for each. */
export class UnitProperties {
  readonly unit: string;
  readonly #values: ReadonlyMap<string, string>;

  constructor(unit: string, values: ReadonlyMap<string, string>) {
    this.unit = unit;
    this.#values = values;
  }

  /** The value, or an empty string where the unit has no such property. */
  get(name: string): string {
    return this.#values.get(name) ?? "";
  }

  /** The words of a value, such as those of TriggeredBy=. */
  list(name: string): string[] {
    return this.get(name).split(" ").filter(Boolean);
  }

  /** Whether the unit was found and could be read. */
  get isLoaded(): boolean {
    return this.get("LoadState") === "loaded";
  }
}

/** The properties of all units of the subject, by their names. */
async function properties({ units, host }: Subject): Promise<Map<string, UnitProperties>> {
  const printed = await host.manager.mustRun("show", "--all", "--", ...units);
  // A value may hold an empty line too.
  const blocks = printed.trimEnd().split(/\n\n(?=[A-Z]\w*=)/);
  return new Map(units.map((unit, index) => [unit, new UnitProperties(unit, parse(blocks[index] ?? ""))]));
}

function parse(block: string): Map<string, string> {
  const values = new Map<string, string>();
  let name = "";
  for (const line of block.split("\n")) {
    const [isProperty, key = name, value = line] = /^([A-Z]\w*)=(.*)$/s.exec(line) ?? [];
    if (isProperty) name = key;
    const earlier = values.get(name);
    values.set(name, earlier === undefined ? value : `${earlier}\n${value}`);
  }
  return values;
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
