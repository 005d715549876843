import { valueOf, type LoadedUnit, type Setting } from "../../parse/load.ts";
import type { FileEdit, Found } from "./finding.ts";
import { isReset } from "../../parse/resets.ts";

/** The place of a section's header in the unit's own file, or of its first line. */
export function headerOf(unit: LoadedUnit, section: string): Found["at"] {
  const header = unit.own.entries.find((entry) => entry.kind === "section" && entry.section === section);
  return { file: unit.file, line: header?.line ?? 1 };
}

/** Another value, or several, in the place of an assignment; with none it goes. */
export function replaceSetting(setting: Setting, ...values: string[]): FileEdit {
  const { file, line, section, key } = setting;
  return { file, line, section, key, values };
}

/** One more assignment; none if a drop-in takes it back. */
export function addSetting(unit: LoadedUnit, section: string, key: string, value: string): FileEdit[] {
  const isTakenBack = (unit.bySection.get(section)?.get(key) ?? []).some(
    (setting) => setting.file !== unit.file && isReset(setting),
  );
  return isTakenBack ? [] : [{ file: unit.file, section, key, values: [value] }];
}

/** This value in the place of the one that counts, if there is one. */
export function changeSetting(unit: LoadedUnit, section: string, key: string, value: string): FileEdit[] {
  const old = valueOf(unit, section, key);
  return old === undefined ? addSetting(unit, section, key, value) : [replaceSetting(old, value)];
}
