import { reasons, type AddedDirective } from "./reasons.ts";

/** One `key=value` of a unit file. */
export interface Line {
  key: string;
  value: string;
  /** Why it is there, if nobody asked for it. */
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

/** A line that is there for a reason of ours. */
export function added(key: AddedDirective, value: string): Line {
  return { key, value, reason: reasons[key] };
}

/** As `added`, with reasons from another table. */
export function addedFor<Key extends string>(
  own: Readonly<Record<Key, string>>,
): (key: Key, value: string) => Line {
  return (key, value) => ({ key, value, reason: own[key] });
}

/** What the description asks for or, where it does not, our own value. */
export function askedOr(key: AddedDirective, values: readonly string[], value: string): Line[] {
  return values.length > 0 ? asked(key, values) : [added(key, value)];
}

/** The section of which the line of this number is, in a text without comments, and the line itself unless it is the section's header. */
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

/** The text of a unit file, less its empty sections; with `comments`, the reason of each added line, or run of lines, stands above it. */
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
