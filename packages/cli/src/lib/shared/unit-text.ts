import { parseUnit, parseUnits, type UnitEntry } from "@sockact/units";

type Assignment = Extract<UnitEntry, { kind: "assignment" }>;

/** The assignments of a unit file. */
export function assignmentsIn(text: string): Assignment[] {
  return parseUnit(text).entries.filter((entry) => entry.kind === "assignment");
}

/** The effective values of a directive in any section. */
export function valuesOf(text: string, key: string): string[] {
  const name = "unit.service";
  const units = parseUnits({ [name]: text });
  const sections = units.files
    .get(name)!
    .entries.flatMap((entry) => (entry.kind === "section" ? entry.section : []));
  return [...new Set(sections)].flatMap((section) => units.values(name, section, key));
}
