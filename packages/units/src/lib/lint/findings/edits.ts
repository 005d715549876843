import { isReset, valueOf, type LoadedUnit, type Setting } from "../../parse/load.ts";
import type { FileEdit, Found } from "./finding.ts";

/** The place of a section's header in the unit's own file, or its first line if the section is missing. */
export function headerOf(unit: LoadedUnit, section: string): Found["at"] {
  const header = unit.own.entries.find((entry) => entry.kind === "section" && entry.section === section);
  return { file: unit.file, line: header?.line ?? 1 };
}

/**
 * An edit that replaces the value of an assignment by one or several values. Without values, it removes the
 * assignment.
 */
export function replaceSetting(setting: Setting, ...values: string[]): FileEdit {
  const { file, line, section, key } = setting;
  return { file, line, section, key, values };
}

/** An edit that adds an assignment. There is none if a drop-in would undo it. */
export function addSetting(unit: LoadedUnit, section: string, key: string, value: string): FileEdit[] {
  const isTakenBack = (unit.bySection.get(section)?.get(key) ?? []).some(
    (setting) => setting.file !== unit.file && isReset(setting),
  );
  return isTakenBack ? [] : [{ file: unit.file, section, key, values: [value] }];
}

/** An edit that replaces the value that counts, or adds one if there is none. */
export function changeSetting(unit: LoadedUnit, section: string, key: string, value: string): FileEdit[] {
  const old = valueOf(unit, section, key);
  return old === undefined ? addSetting(unit, section, key, value) : [replaceSetting(old, value)];
}
