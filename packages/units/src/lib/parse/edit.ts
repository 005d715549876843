import { shown, UnitError, type UnitProblem } from "../problems.ts";
import { unspeakable } from "../systemd/text.ts";
import { goesOn, linesIn, parseUnit, stringifyUnit, type UnitFile } from "./parse.ts";

/** A change to one directive in a unit file or drop-in. */
export interface UnitEdit {
  /**
   * The first line of the assignment to replace. Without it, the values are added at the end of the section.
   * A missing section is created: [Unit] before all others, other sections after them.
   */
  readonly line?: number | undefined;
  /** The name of the section, without brackets: `Service`. */
  readonly section: string;
  /** The name of the directive: `Restart`. */
  readonly key: string;
  /** The values after `key=`, one line each. `""` resets a list. An empty array removes the assignment. */
  readonly values: readonly string[];
}

/**
 * Changes directives of a unit file and keeps every other byte: comments, blank lines, line ends.
 *
 * Line numbers refer to the passed file. An edit for a line without such an assignment changes nothing.
 * Throws a `UnitError` if a new value contains a line break.
 */
export function editUnit(unit: UnitFile, edits: readonly UnitEdit[]): UnitFile {
  const problems = refusedEdits(edits);
  if (problems.length > 0) throw new UnitError(problems);
  const [first] = linesIn(unit.entries[0]?.text ?? "");
  const ofFile = first?.end || "\n";
  const entries = [...unit.entries];
  const indexes = new Map(entries.map(({ line }, index) => [line, index]));
  const additions = new Map<string, string[]>();
  for (const edit of edits) {
    if (edit.line === undefined) {
      const lines = additions.get(edit.section) ?? [];
      for (const line of linesOf(edit)) lines.push(line);
      additions.set(edit.section, lines);
      continue;
    }
    const index = indexes.get(edit.line);
    const old = index === undefined ? undefined : entries[index];
    if (index === undefined || old?.kind !== "assignment" || old.section !== edit.section) continue;
    entries[index] = { ...old, text: replaced(old.text, linesOf(edit), ofFile) };
  }
  const changed = parseUnit(stringifyUnit({ entries, open: false }));
  return additions.size === 0 ? changed : parseUnit(withAdded(changed, additions, ofFile));
}

const lineEnd = (text: string): string | undefined => /(?<![\n\r\0])[\n\r\0]+$/.exec(text)?.[0];

const linesOf = ({ key, values }: UnitEdit): string[] => values.map((value) => `${key}=${value}`);

/** Why edits can't be applied. */
export function refusedEdits(edits: readonly UnitEdit[]): UnitProblem[] {
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
        code: "SOCKACT_ERR_UNIT_TEXT",
        path: `edits[${index}].${field}`,
        message: `${shown(text)} is not a single line`,
        hint: "remove the line break, or the backslash at the end",
      });
    }
  });
  return problems;
}

/** Replaces an assignment by new lines. Comments between its lines are kept, and moved before them. */
function replaced(old: string, written: readonly string[], ofFile: string): string {
  const comments = [...linesIn(old)].filter(({ isComment }) => isComment);
  const end = lineEnd(old);
  // If the file has no final line end, it does not get one.
  const text = written.join(end ?? ofFile);
  return (
    comments.map((line) => line.text + (line.end === "" ? ofFile : "")).join("") +
    (text === "" ? "" : text + (end ?? ""))
  );
}

/**
 * The place for a new [Unit] section: before the first section and the comment directly above it. `undefined`
 * if the file has no section.
 */
function topOf(entries: UnitFile["entries"]): number | undefined {
  let at = entries.findIndex(({ kind }) => kind === "section");
  if (at < 0) return undefined;
  while (entries[at - 1]?.kind === "blank" && entries[at - 1]!.text.trim() !== "") at -= 1;
  return at;
}

/** Adds lines at the end of sections, and creates missing sections. */
function withAdded(
  { entries, open }: UnitFile,
  additions: ReadonlyMap<string, readonly string[]>,
  ofFile: string,
): string {
  const ends = new Map<string, number>();
  for (const [index, entry] of entries.entries()) {
    if (entry.kind === "assignment" || entry.kind === "section") ends.set(entry.section, index);
  }
  const texts = entries.map(({ text }) => text);
  const written = (lines: readonly string[]) => lines.map((line) => line + ofFile).join("");
  const last = texts.length - 1;
  const top = ends.has("Unit") ? undefined : topOf(entries);
  const added: string[] = [];
  for (const [section, lines] of additions) {
    const end = ends.get(section);
    if (end !== undefined) {
      if (end === last) texts[last] += closing(texts[last]!, open, ofFile);
      texts[end] += written(lines);
    } else if (section !== "Unit") added.push(written([`[${section}]`, ...lines]));
    else if (top === undefined) added.unshift(written(["[Unit]", ...lines]));
    else texts[top] = written(["[Unit]", ...lines, ""]) + texts[top]!;
  }
  if (added.length === 0) return texts.join("");
  // A continued line at the end of the file keeps its backslash only if nothing is added to its section.
  const before = texts.join("");
  const close =
    before === "" ? "" : closing(before, open && texts[last] === entries[last]!.text, ofFile) + ofFile;
  return before + close + added.join(ofFile);
}

/** Returns what ends the last line. A line with a trailing backslash needs an empty line after it. */
function closing(text: string, open: boolean, ofFile: string): string {
  return (/[\n\r\0]$/.test(text) ? "" : ofFile) + (open ? ofFile : "");
}
