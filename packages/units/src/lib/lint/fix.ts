import { editUnit, type UnitEdit } from "../parse/edit.ts";
import { parseUnit, stringifyUnit } from "../parse/parse.ts";
import { checkFiles } from "./files.ts";
import type { FileEdit } from "./findings/finding.ts";
import { lintUnits, type Finding, type LintOptions } from "./lint.ts";

/** A finding that shows only once others are fixed needs another round. */
const rounds = 10;

const placeOf = ({ file, line, section, key, values }: FileEdit): string =>
  line === undefined ? [file, section, key, ...values].join("\0") : `${file}\0${line}`;

/** Makes the changes of these findings, of which those are left for later that touch a line which another has changed. */
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
      // An assignment that the section has already would change nothing.
      const missing = edits.filter(
        ({ line, section, key, values }) =>
          line !== undefined || !values.every((value) => present.has([section, key, value].join("\0"))),
      );
      return [file, stringifyUnit(editUnit(unit, missing))];
    }),
  );
}

/**
 * Makes the changes that nobody can regret, and returns the texts of all files. Every other byte stays.
 *
 * It does not change which program runs, does not switch on a line that systemd ignores, and takes no protection away.
 *
 * With `findings`, which are those of `lintUnits` for the same files, it makes the changes of these alone. Without, it makes all `edits` until a round changes nothing: the result
 * of a second call is that of the first. Throws a `TypeError` if `files` is not an object whose values are strings.
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
