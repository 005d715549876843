import { shown, UnitError, type UnitProblem } from "../read/problems.ts";
import { unspeakable } from "../read/text.ts";
import { goesOn, parseUnit, stringifyUnit, type UnitFile } from "./parse.ts";

/** A change of one directive in a unit file or drop-in. */
export interface UnitEdit {
  /** The line on which the assignment to replace begins. Left out, the values are added at the end of the section, which is made if there is none: [Unit] before all others, another after them. */
  line?: number;
  section: string;
  key: string;
  /** What stands after `key=`, a line each; `""` resets a list. With none, the assignment is removed. */
  values: readonly string[];
}

/**
 * Changes directives of a unit file, and leaves every other byte as it is: comments, blank lines, line ends.
 *
 * All lines are those of the file as it was given. An edit whose line holds no such assignment changes nothing. Throws a `UnitError` if what is to be
 * written would not stay on its line.
 */
export function editUnit(unit: UnitFile, edits: readonly UnitEdit[]): UnitFile {
  refuseEscapes(edits);
  const ofFile = /[\n\r\0]+$/.exec(unit.entries[0]?.text ?? "")?.[0] ?? "\n";
  const entries = [...unit.entries];
  const additions: UnitEdit[] = [];
  for (const edit of edits) {
    if (edit.line === undefined) {
      additions.push(edit);
      continue;
    }
    const index = entries.findIndex(
      (entry) => entry.kind === "assignment" && entry.line === edit.line && entry.section === edit.section,
    );
    const old = entries[index];
    if (old !== undefined) entries[index] = { ...old, text: replaced(old.text, linesOf(edit), ofFile) };
  }
  const changed = parseUnit(stringifyUnit({ entries, open: false }));
  return additions.reduce((before, edit) => parseUnit(withAdded(before, edit, ofFile)), changed);
}

const linesOf = ({ key, values }: UnitEdit): string[] => values.map((value) => `${key}=${value}`);

function refuseEscapes(edits: readonly UnitEdit[]): void {
  const problems: UnitProblem[] = [];
  edits.forEach(({ section, key, values }, index) => {
    if (values.length === 0) return;
    const parts: [string, string, boolean][] = [
      ["section", section, !/["'\\\]]/.test(section)],
      ["key", key, /^[\w-]+$/.test(key)],
      ...values.map((value, at): [string, string, boolean] => [`values[${at}]`, value, !goesOn(value)]),
    ];
    for (const [field, text, fits] of parts) {
      if (fits && !/[\n\r]/.test(text) && unspeakable(text) === undefined) continue;
      problems.push({
        code: "ERR_UNIT_TEXT",
        path: `edits[${index}].${field}`,
        message: `${shown(text)} does not stay on its line`,
        hint: "no line break, and no backslash at the end",
      });
    }
  });
  if (problems.length > 0) throw new UnitError(problems);
}

/** New lines in the place of an assignment; the comments among its lines stay, before them. */
function replaced(old: string, written: readonly string[], ofFile: string): string {
  const comments = old.match(/^[ \t]*[#;][^\n\r\0]*[\n\r\0]+/gm) ?? [];
  const end = /[\n\r\0]+$/.exec(old)?.[0];
  // The end of the file may have no line end: then the last line has none again.
  const text = written.join(end ?? ofFile);
  return comments.join("") + (text === "" ? "" : text + (end ?? ""));
}

/** Where [Unit] would begin: before the first section and the comment right above it. `undefined` if there is no section. */
function topOf(entries: UnitFile["entries"]): number | undefined {
  let at = entries.findIndex(({ kind }) => kind === "section");
  if (at < 0) return undefined;
  while (entries[at - 1]?.kind === "blank" && entries[at - 1]!.text.trim() !== "") at -= 1;
  return at;
}

/** The text with an assignment at the end of its section. */
function withAdded({ entries, open }: UnitFile, edit: UnitEdit, ofFile: string): string {
  const { section } = edit;
  const inSection = entries.findLastIndex(
    (entry) => (entry.kind === "assignment" || entry.kind === "section") && entry.section === section,
  );
  const top = inSection < 0 && section === "Unit" ? topOf(entries) : undefined;
  const after = top ?? (inSection < 0 ? entries.length : inSection + 1);
  const isLast = after === entries.length;
  const before = stringifyUnit({ entries: entries.slice(0, after), open });
  const gap = before === "" || top !== undefined ? [] : [""];
  const header = inSection >= 0 ? [] : [...gap, `[${section}]`];
  const footer = top === undefined ? [] : [""];
  const written = [...header, ...linesOf(edit), ...footer].map((line) => line + ofFile).join("");
  const ended = before === "" || /[\n\r\0]$/.test(before) ? "" : ofFile;
  // A line that ends in a backslash goes on until one that does not: an empty one.
  const closed = open && isLast ? ofFile : "";
  return before + ended + closed + written + stringifyUnit({ entries: entries.slice(after), open });
}
