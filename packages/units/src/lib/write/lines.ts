import { reasons, type AddedDirective } from "./reasons.ts";

/** One `key=value` of a unit file. */
export interface Line {
  key: string;
  value: string;
  /** The reason for the line, if the description does not ask for it. */
  reason?: string;
}

export interface Section {
  name: "Unit" | "Socket" | "Container" | "Service" | "Install";
  lines: Line[];
}

/** Lines that the description asks for. */
export function asked(key: string, values: readonly string[]): Line[] {
  return values.map((value) => ({ key, value }));
}

/** A line that this package adds, with its reason. */
export function added(key: AddedDirective, value: string): Line {
  return { key, value, reason: reasons[key] };
}

/** The same as `added`, with reasons from another table. */
export function addedFor<Key extends string>(
  own: Readonly<Record<Key, string>>,
): (key: Key, value: string) => Line {
  return (key, value) => ({ key, value, reason: own[key] });
}

/** The value of the description or, if there is none, a default of this package. */
export function askedOr(key: AddedDirective, values: readonly string[], value: string): Line[] {
  return values.length > 0 ? asked(key, values) : [added(key, value)];
}

/** For a line number in a file without comments: the section of the line, and the line itself unless it is the section's header. */
export function lineAt(
  sections: readonly Section[],
  number: number,
): { section: Section["name"]; line: Line | undefined } {
  const written = sections.filter(({ lines }) => lines.length > 0);
  let header = 1;
  for (const [index, { name, lines }] of written.entries()) {
    const next = header + lines.length + 2;
    if (number < next || index === written.length - 1)
      return { section: name, line: lines[number - header - 1] };
    header = next;
  }
  throw new RangeError("a unit has a section");
}

/** A unit file as a string, without empty sections. With `comments`, the reason for each added line, or run of lines, is above it. */
export function unitText(sections: readonly Section[], comments: boolean): string {
  const texts = sections
    .filter(({ lines }) => lines.length > 0)
    .map(({ name, lines }) => {
      const written = lines.flatMap(({ key, value, reason }, index) => {
        const told = reason === undefined || reason === lines[index - 1]?.reason;
        return comments && !told ? [`# ${reason}`, `${key}=${value}`] : [`${key}=${value}`];
      });
      return `${[`[${name}]`, ...written].join("\n")}\n`;
    });
  return texts.join("\n");
}
