import { parseUnit, type UnitEntry } from "@sockact/units";

type Assignment = Extract<UnitEntry, { kind: "assignment" }>;

/** The assignments of a unit file. */
export function assignmentsIn(text: string): Assignment[] {
  return parseUnit(text).entries.filter((entry) => entry.kind === "assignment");
}

/** The values of a directive that apply: an empty value removes the earlier ones. */
export function valuesOf(text: string, key: string): string[] {
  const values = assignmentsIn(text)
    .filter((assignment) => assignment.key === key)
    .map(({ value }) => value);
  return values.slice(values.lastIndexOf("") + 1);
}
