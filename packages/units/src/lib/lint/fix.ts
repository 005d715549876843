import { editUnit, type UnitEdit } from "../parse/edit.ts";
import { parseUnits, UnitSet } from "../model/unit-set.ts";
import type { FileEdit } from "./findings/finding.ts";
import { lintUnits, type Finding, type LintOptions } from "./lint.ts";

/** Some findings appear only after others are fixed, and need another round. */
const rounds = 10;

const placeOf = ({ file, line, section, key, values }: FileEdit): string =>
  line === undefined ? [file, section, key, ...values].join("\0") : `${file}\0${line}`;

/**
 * Applies the edits of these findings. If two edits concern the same line, the second one is left for the
 * next round.
 */
function mended(units: UnitSet, findings: readonly Finding[]): UnitSet {
  const touched = new Set<string>();
  const byFile = new Map<string, UnitEdit[]>();
  for (const { edits = [] } of findings) {
    if (edits.some((edit) => touched.has(placeOf(edit)))) continue;
    for (const edit of edits) {
      touched.add(placeOf(edit));
      const ofFile = byFile.get(edit.file) ?? [];
      ofFile.push(edit);
      byFile.set(edit.file, ofFile);
    }
  }
  return new UnitSet(
    [...units.files].map(([name, file]) => {
      const edits = byFile.get(name);
      if (edits === undefined) return [name, file];
      const present = new Set(
        file.entries.map((entry) =>
          entry.kind === "assignment" ? [entry.section, entry.key, entry.value].join("\0") : "",
        ),
      );
      // An assignment that the section already has would change nothing.
      const missing = edits.filter(
        ({ line, section, key, values }) =>
          line !== undefined || !values.every((value) => present.has([section, key, value].join("\0"))),
      );
      return [name, editUnit(file, missing)];
    }),
  );
}

/** Repeats until nothing changes. */
function mendedWhole(units: UnitSet, options: LintOptions): UnitSet {
  let set = units;
  for (let round = 0; round < rounds; round += 1) {
    const fixable = lintUnits(set, options).filter(({ edits }) => edits !== undefined);
    if (fixable.length === 0) break;
    const [before, after] = [set.texts(), mended(set, fixable)];
    if (Object.entries(after.texts()).every(([name, text]) => before[name] === text)) break;
    set = after;
  }
  return set;
}

/**
 * Applies the fixes that need no decision, and returns all files: a {@link UnitSet} if you pass one,
 * otherwise strings. All other bytes are kept.
 *
 * It does not change which program runs, does not activate a line that systemd ignores (except
 * StartLimitIntervalSec=0 in [Service]), and does not remove a protection.
 *
 * With `findings`, which must come from `lintUnits` for the same files, it applies only these. Without, it
 * repeats until nothing changes. Throws a `TypeError` if `files` is neither a `UnitSet` nor an object of
 * strings.
 */
export function fixUnits(units: UnitSet, findings?: readonly Finding[], options?: LintOptions): UnitSet;
export function fixUnits(
  files: Readonly<Record<string, string>>,
  findings?: readonly Finding[],
  options?: LintOptions,
): Record<string, string>;
export function fixUnits(
  files: Readonly<Record<string, string>> | UnitSet,
  findings?: readonly Finding[],
  options: LintOptions = {},
): Record<string, string> | UnitSet {
  const units = files instanceof UnitSet ? files : parseUnits(files);
  const fixed = findings === undefined ? mendedWhole(units, options) : mended(units, findings);
  return files instanceof UnitSet ? fixed : fixed.texts();
}
