import { editUnit, type UnitEdit } from "../parse/edit.ts";
import { parseUnit, stringifyUnit } from "../parse/parse.ts";
import { checkFiles } from "./files.ts";
import type { FileEdit } from "./findings/finding.ts";
import { lintUnits, type Finding, type LintOptions } from "./lint.ts";

/** Some findings show only after others are fixed, and need another round. */
const rounds = 10;

const placeOf = ({ file, line, section, key, values }: FileEdit): string =>
  line === undefined ? [file, section, key, ...values].join("\0") : `${file}\0${line}`;

/** Makes the changes of these findings. If two changes touch the same line, the second one waits for the next round. */
function mended(
  files: Readonly<Record<string, string>>,
  findings: readonly Finding[],
): Record<string, string> {
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
  return Object.fromEntries(
    Object.entries(files).map(([file, text]) => {
      const edits = byFile.get(file);
      if (edits === undefined) return [file, text];
      const unit = parseUnit(text);
      const present = new Set(
        unit.entries.map((entry) =>
          entry.kind === "assignment" ? [entry.section, entry.key, entry.value].join("\0") : "",
        ),
      );
      // An assignment that the section already has would change nothing.
      const missing = edits.filter(
        ({ line, section, key, values }) =>
          line !== undefined || !values.every((value) => present.has([section, key, value].join("\0"))),
      );
      return [file, stringifyUnit(editUnit(unit, missing))];
    }),
  );
}

/**
 * Makes the changes that need no decision of yours, and returns the texts of all files. Every other byte stays.
 *
 * It does not change which program runs, does not activate a line that systemd ignores, except StartLimitIntervalSec=0 under [Service], and does not remove a protection.
 *
 * With `findings`, which must come from `lintUnits` for the same files, it makes only the changes of these findings. Without, it repeats until nothing changes, so
 * a second call returns the same texts. Throws a `TypeError` if `files` is not an object whose values are strings.
 */
export function fixUnits(
  files: Readonly<Record<string, string>>,
  findings?: readonly Finding[],
  options: LintOptions = {},
): Record<string, string> {
  checkFiles(files);
  if (findings !== undefined) return mended(files, findings);
  let texts = { ...files };
  for (let round = 0; round < rounds; round += 1) {
    const fixable = lintUnits(texts, options).filter(({ edits }) => edits !== undefined);
    if (fixable.length === 0) break;
    const before = texts;
    texts = mended(before, fixable);
    if (Object.entries(texts).every(([file, text]) => before[file] === text)) break;
  }
  return texts;
}
