import { fixUnits, lintUnits, type Finding, type Severity } from "@sockact/units";
import { diffLines } from "diff";
import { mostCharacters, type UnitText } from "./split.ts";
import { placeOf, withoutTypos } from "./typos.ts";

export interface Checked {
  findings: readonly Finding[];
  /** Those of the findings that apply as soon as the typos are corrected. */
  behindTypos: ReadonlySet<Finding>;
  /** Whether the units are too long for this page. */
  tooLong: boolean;
}

const record = (files: readonly UnitText[]): Record<string, string> =>
  Object.fromEntries(files.map(({ name, text }) => [name, text]));

export const lengthOf = (files: readonly UnitText[]): number =>
  files.reduce((sum, { text }) => sum + text.length, 0);

/** The maximum number of lines of a file. A browser needs seconds to show a text field with more lines. */
const mostLines = 5000;

/** Whether the files are too long to be pasted or restored. */
export const isTooLong = (files: readonly UnitText[]): boolean =>
  lengthOf(files) > mostCharacters ||
  files.some(({ text }) => text.split("\n", mostLines + 1).length > mostLines);

/** The maximum number of characters of a sentence about a finding, or of a changed line. */
export const longestText = 1000;

/** Shortens a text that quotes a long line, and closes the code in it. */
function shortened(text: string): string {
  if (text.length <= longestText) return text;
  const start = text.slice(0, longestText);
  return `${start}…${start.split("`").length % 2 === 0 ? "`" : ""}`;
}

const withShortTexts = (finding: Finding): Finding => ({
  ...finding,
  message: shortened(finding.message),
  fix: shortened(finding.fix),
});

/** If the reader pastes a socket only, the missing service is not a mistake in the socket. */
function asNote(finding: Finding, files: readonly UnitText[]): Finding {
  if (finding.code !== "service-missing" || files.some(({ name }) => /\.service(?:\.d\/|$)/.test(name)))
    return finding;
  return {
    ...finding,
    severity: "info",
    message: "this page has not seen the service of this socket",
    why: "Most rules about sockets need both units. If the service does not exist on your machine either, systemd does not start the socket.",
    fix: "Paste the service too.",
  };
}

/** How often typos are corrected. One may hide another one. */
const mostRounds = 4;

/**
 * The findings that a typo hides: systemd ignores the lines below `[Sevice]`, and reads nothing after a
 * command that it refuses. They have no edits, because an edit is for the text as it is.
 */
function hiddenBehindTypos(files: readonly UnitText[], known: readonly Finding[], user: boolean): Finding[] {
  const keyOf = (finding: Finding) => `${placeOf(finding)} ${finding.code}`;
  const corrected = new Set<string>();
  // Each round corrects the typos that the one before has found.
  const typos: Finding[] = [];
  let findings = known;
  for (let round = 0, now = files; round < mostRounds; round += 1) {
    const { files: meant, lines } = withoutTypos(now, findings);
    if (lines.size === 0) break;
    for (const place of lines) corrected.add(place);
    now = meant;
    findings = lintUnits(record(meant), { user });
    // What the corrected lines say now is a guess.
    typos.push(...findings.filter((one) => isAboutText(one) && !corrected.has(placeOf(one))));
  }
  if (corrected.size === 0) return [];
  const all = [...typos, ...findings.filter((one) => !isAboutText(one))];
  const hidden = new Map(all.map((finding) => [keyOf(finding), finding]));
  for (const finding of known) hidden.delete(keyOf(finding));
  return [...hidden.values()].map((finding) => {
    const { edits: _, ...rest } = finding;
    return rest;
  });
}

/** Whether the finding is about the text of a line that this page has corrected by a guess. */
const isAboutText = ({ code }: Finding): boolean =>
  /^(?:file-unreadable|section-unknown|directive-unknown|line-ignored|command-refused)$/.test(code);

/** After a line at which systemd stops, the lines have no section only because of that line. */
function withoutConsequences(findings: readonly Finding[]): Finding[] {
  const stops = new Map<string, number>();
  for (const { code, file, line } of findings)
    if (code === "file-unreadable" && !stops.has(file)) stops.set(file, line);
  return findings.filter(
    ({ code, file, line }) => code !== "line-ignored" || line < (stops.get(file) ?? Infinity),
  );
}

/**
 * Lints the files, also behind typos. With `user`, they are for the service manager of a user. Otherwise, the
 * linter decides that from the files.
 */
export function checkUnits(files: readonly UnitText[], user: boolean): Checked {
  const tooLong = lengthOf(files) > mostCharacters;
  const filled = tooLong ? [] : files.filter(({ text }) => text.trim() !== "");
  const asTyped = lintUnits(record(filled), { user });
  const shown = (finding: Finding) => withShortTexts(asNote(finding, filled));
  const hidden = hiddenBehindTypos(filled, asTyped, user).map(shown);
  const order = new Map(filled.map(({ name }, index) => [name, index]));
  const findings = [...withoutConsequences(asTyped).map(shown), ...hidden].toSorted(
    (one, other) => order.get(one.file)! - order.get(other.file)! || one.line - other.line,
  );
  return { findings, behindTypos: new Set(hidden), tooLong };
}

/**
 * Applies the changes of one finding or, by default, every change that needs no decision. Returns the new
 * files.
 */
export function fixFiles(
  files: readonly UnitText[],
  finding: Finding | undefined,
  user: boolean,
): UnitText[] {
  const fixed = fixUnits(record(files), finding === undefined ? undefined : [finding], { user });
  return files.map(({ name }) => ({ name, text: fixed[name] ?? "" }));
}

/** The removed and added lines of one file. Long lines are shortened. */
export interface Change {
  file: string;
  lines: { sign: "-" | "+"; text: string }[];
}

/** Compares the files line by line. */
export function changesBetween(before: readonly UnitText[], after: readonly UnitText[]): Change[] {
  const old = new Map(before.map(({ name, text }) => [name, text]));
  return after.flatMap(({ name, text }) => {
    const parts = diffLines(old.get(name) ?? "", text, { timeout: 500, stripTrailingCr: true }) ?? [];
    const lines = parts
      .filter(({ added, removed }) => added || removed)
      .flatMap(({ added, value }) =>
        value
          .replace(/\n$/, "")
          .split("\n")
          .map((line) => ({ sign: added ? ("+" as const) : ("-" as const), text: shortened(line) })),
      );
    return lines.length === 0 ? [] : [{ file: name, lines }];
  });
}

const order: readonly Severity[] = ["info", "warning", "error"];

/** The highest severity at each line of a file. */
export function marksOf(findings: readonly Finding[], file: string): Map<number, Severity> {
  const marks = new Map<number, Severity>();
  for (const finding of findings) {
    if (finding.file !== file) continue;
    const known = marks.get(finding.line);
    if (known === undefined || order.indexOf(finding.severity) > order.indexOf(known))
      marks.set(finding.line, finding.severity);
  }
  return marks;
}

/** The offsets at which a line begins and ends. The first line is 1. */
export function placeOfLine(text: string, line: number): [start: number, end: number] {
  let start = 0;
  for (let at = 1; at < line; at += 1) {
    const next = text.indexOf("\n", start);
    if (next < 0) break;
    start = next + 1;
  }
  const end = text.indexOf("\n", start);
  return [start, end < 0 ? text.length : end];
}

const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? "" : "s"}`;

/** One sentence about the result. */
export function summaryOf(files: readonly UnitText[], { findings, tooLong }: Checked): string {
  if (tooLong) return "These units are too long for this page.";
  if (files.every(({ text }) => text.trim() === "")) return "There is nothing to check yet.";
  const counts = order
    .toReversed()
    .map((severity) => [severity, findings.filter((one) => one.severity === severity).length] as const)
    .filter(([, count]) => count > 0)
    .map(([severity, count]) => (severity === "info" ? `${count} info` : counted(count, severity)));
  return `${counted(files.length, "file")}: ${counts.length === 0 ? "no findings" : counts.join(", ")}.`;
}
