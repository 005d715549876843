import type { AppDescription } from "@sockact/units";
import { assignmentsIn } from "../shared/unit-text.ts";

/** A service as units. */
export interface UnitTexts {
  description: AppDescription;
  units: Record<string, string>;
}

/** The contents of the service unit. */
export function serviceText({ units, description: { name } }: UnitTexts): string {
  return units[`${name}.service`] ?? units[`${name}@.service`] ?? units[`${name}.container`] ?? "";
}

/** The changes from one unit to another, with a directive on each line: `ListenStream=83 → 3000`. */
export function changedDirectives(before: string, after: string): string[] {
  const [old, wanted] = [directives(before), directives(after)];
  return [...new Set([...old.keys(), ...wanted.keys()])].flatMap((key) => {
    const [from, to] = [old.get(key) ?? [], wanted.get(key) ?? []];
    const gone = from.filter((value) => !to.includes(value)).join(" ");
    const come = to.filter((value) => !from.includes(value)).join(" ");
    if (gone === "" && come === "") return [];
    return [`${key}=${gone || "(nothing)"} → ${come || "(nothing)"}`];
  });
}

function directives(text: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { key, value } of assignmentsIn(text)) found.set(key, [...(found.get(key) ?? []), value]);
  return found;
}
