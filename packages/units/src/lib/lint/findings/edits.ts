import { isReset, valueOf, type LoadedUnit, type Setting } from "../../parse/load.ts";
import type { FileEdit, Found } from "./finding.ts";

/** The place of the section's header in the unit's file, or the first line of the file. */
export function headerOf(unit: LoadedUnit, section: string): Found["at"] {
  const header = unit.own.entries.find((entry) => entry.kind === "section" && entry.section === section);
  return { file: unit.file, line: header?.line ?? 1 };
}

/** An edit that replaces the value of an assignment. Without values, it removes the assignment. */
export function replaceSetting(setting: Setting, ...values: string[]): FileEdit {
  const { file, line, section, key } = setting;
  return { file, line, section, key, values };
}

/** An edit that adds an assignment. None if a drop-in would override it. */
export function addSetting(unit: LoadedUnit, section: string, key: string, value: string): FileEdit[] {
  const isTakenBack = (unit.bySection.get(section)?.get(key) ?? []).some(
    (setting) => setting.file !== unit.file && isReset(setting),
  );
  return isTakenBack ? [] : [{ file: unit.file, section, key, values: [value] }];
}

/** An edit that replaces the effective value, or adds one. */
export function changeSetting(unit: LoadedUnit, section: string, key: string, value: string): FileEdit[] {
  const old = valueOf(unit, section, key);
  return old === undefined ? addSetting(unit, section, key, value) : [replaceSetting(old, value)];
}
