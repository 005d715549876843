import type { UnitEntry, UnitFile } from "../parse/parse.ts";
import { reasons, type AddedDirective } from "./reasons.ts";

/** One `key=value` of a unit file. */
export interface Line {
  key: string;
  value: string;
  /** The reason for the line, if no field wrote it. */
  reason?: string;
  /** The field that wrote the line: `sockets[0].listen`. Missing if no single field did. */
  field?: string;
}

export interface Section {
  name: "Unit" | "Socket" | "Container" | "Service" | "Install";
  lines: Line[];
}

/** Lines that a field writes. */
export function asked(key: string, values: readonly string[], field: string): Line[] {
  return values.map((value) => ({ key, value, field }));
}

/** A line that this package adds, with its reason. */
export function added(key: AddedDirective, value: string): Line {
  return { key, value, reason: reasons[key] };
}

/** Like `added`, with reasons from another table. */
export function addedFor<Key extends string>(
  own: Readonly<Record<Key, string>>,
): (key: Key, value: string) => Line {
  return (key, value) => ({ key, value, reason: own[key] });
}

/** The value of the description, or else a default of this package. */
export function askedOr(
  key: AddedDirective,
  values: readonly string[],
  field: string,
  value: string,
): Line[] {
  return values.length > 0 ? asked(key, values, field) : [added(key, value)];
}

/** The entries of a unit file without comments and empty sections, numbered by line. */
export function entriesOf(sections: readonly Section[]): UnitEntry[] {
  const entries: UnitEntry[] = [];
  const next = (): number => entries.length + 1;
  for (const { name: section, lines } of sections) {
    if (lines.length === 0) continue;
    if (entries.length > 0) entries.push({ kind: "blank", text: "\n", line: next() });
    entries.push({ kind: "section", section, text: `[${section}]\n`, line: next() });
    for (const { key, value, field, reason } of lines) {
      const text = `${key}=${value}\n`;
      entries.push({ kind: "assignment", section, key, value, text, line: next(), field, reason });
    }
  }
  return entries;
}

const reasonOf = (entry: UnitEntry | undefined): string | undefined =>
  entry?.kind === "assignment" ? entry.reason : undefined;

/** A unit file as a string, with the reason above each added line or group of lines. */
export function textWithReasons({ entries }: UnitFile): string {
  return entries
    .map((entry, index) => {
      const reason = reasonOf(entry);
      return reason === undefined || reason === reasonOf(entries[index - 1])
        ? entry.text
        : `# ${reason}\n${entry.text}`;
    })
    .join("");
}
