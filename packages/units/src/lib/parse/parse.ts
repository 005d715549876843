import { byteLength, unspeakable } from "../systemd/text.ts";

/** A line of a unit file together with the lines that continue it. */
export type UnitEntry = {
  /** As it stands in the file, line ends included. */
  readonly text: string;
  /** The number of its first line; the first of the file is 1. */
  readonly line: number;
} & (
  | { readonly kind: "assignment"; readonly section: string; readonly key: string; readonly value: string }
  | { readonly kind: "section"; readonly section: string }
  /** An empty line or a comment. */
  | { readonly kind: "blank" }
  /** What systemd passes over: `line-ignored` alone, or `unreadable` with the rest of the file. */
  | { readonly kind: "line-ignored" | "unreadable"; readonly message: string }
);

/** A unit file or drop-in, line by line; nothing of its text is lost. */
export interface UnitFile {
  readonly entries: readonly UnitEntry[];
  /** Whether the last line ends in a backslash, and so would take in whatever is added. */
  readonly open: boolean;
}

/** One `key=value`, as systemd reads it: with its continuations joined, and no space around it. */
export type Assignment = Extract<UnitEntry, { kind: "assignment" }>;

/** LONG_LINE_MAX of systemd; a line has to be shorter, and a line with its continuations not longer. */
const longestLine = 1_048_576;

/** As systemd's read_line(): a carriage return or a NUL, too, ends a line. */
const physicalLines = /([^\n\r\0]*)((?:\n\r?|\r\n?)\0?|\0|$)/g;

const comment = /^[ \t]*[#;]/;

/** A line of a text, whether or not it goes on in the next one. */
interface Line {
  /** As it stands in the text. */
  text: string;
  content: string;
  /** Its line end, which the last one may be without. */
  end: string;
  isComment: boolean;
}

/** The lines of a text, one after another: there may be a million. */
export function* linesIn(text: string): Generator<Line> {
  for (const [whole, content = "", end = ""] of text.matchAll(physicalLines)) {
    if (whole !== "") yield { text: whole, content, end, isComment: comment.test(content) };
  }
}

/** Whether a line goes on in the next one: it ends in an odd number of backslashes. */
export function goesOn(line: string): boolean {
  let end = line.length;
  while (line[end - 1] === "\\") end -= 1;
  return (line.length - end) % 2 === 1;
}

const trimmed = (text: string): string => text.replace(/^[ \t]+|(?<![ \t])[ \t]+$/g, "");

/**
 * Reads a unit file or drop-in as systemd does; systemd.syntax(7).
 *
 * It takes any text: what systemd would not read is an entry too, and `stringifyUnit(parseUnit(text))` is `text`.
 */
export function parseUnit(text: string): UnitFile {
  const entries: UnitEntry[] = [];
  let section: string | undefined;
  // The parts are joined once, at the end: a value may have as many as the file has lines.
  let begun: { text: string[]; line: number; content: string[]; bytes: number } | undefined;
  let sawByteOrderMark = false;
  let tooLong = false;

  const end = () => {
    if (begun === undefined) return;
    const { line } = begun;
    const whole = begun.text.join("");
    const entry: UnitEntry = tooLong
      ? { text: whole, line, kind: "unreadable", message: "the line has 1 MiB or more" }
      : { text: whole, line, ...understood(trimmed(begun.content.join("")), section) };
    if (entry.kind === "section") section = entry.section;
    entries.push(entry);
    begun = undefined;
    tooLong = false;
  };

  let line = 0;
  for (const { text: whole, content, isComment } of linesIn(text)) {
    line += 1;
    const bytes = byteLength(content);
    if (bytes >= longestLine) tooLong = true;
    else if (isComment) {
      // Between continued lines, too, a comment is passed over, and its own backslash means nothing.
      if (begun === undefined) entries.push({ text: whole, line, kind: "blank" });
      else begun.text.push(whole);
      continue;
    }
    const marked = !sawByteOrderMark && content.startsWith("\uFEFF");
    if (marked) sawByteOrderMark = true;
    begun ??= { text: [], line, content: [], bytes: 0 };
    begun.text.push(whole);
    begun.bytes += marked ? bytes - byteLength("\uFEFF") : bytes;
    if (begun.bytes > longestLine) tooLong = true;
    const read = marked ? content.slice(1) : content;
    const continued = goesOn(read);
    begun.content.push(continued ? `${read.slice(0, -1)} ` : read);
    if (!continued) end();
  }
  const open = begun !== undefined;
  end();
  return { entries, open };
}

type Understood = UnitEntry extends infer Entry
  ? Entry extends UnitEntry
    ? Omit<Entry, "text" | "line">
    : never
  : never;

function understood(content: string, section: string | undefined): Understood {
  if (content === "") return { kind: "blank" };
  const unfit = unspeakable(content);
  if (unfit !== undefined) return { kind: "unreadable", message: unfit };
  if (content.startsWith("[")) {
    const name = content.slice(1, -1);
    if (!content.endsWith("]"))
      return { kind: "unreadable", message: "the section's name is not closed by a bracket" };
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    return /["'\\\x01-\x1f\x7f]/.test(name)
      ? {
          kind: "unreadable",
          message: "a quote, a backslash or a control character is in the section's name",
        }
      : { kind: "section", section: name };
  }
  if (section === undefined) return { kind: "line-ignored", message: "it stands before the first section" };
  const [, key, value] = /^([^=]*)=([^]*)$/.exec(content) ?? [];
  if (key === undefined || value === undefined) return { kind: "line-ignored", message: "it has no =" };
  if (key === "") return { kind: "line-ignored", message: "it has no name before the =" };
  return { kind: "assignment", section, key: trimmed(key), value: trimmed(value) };
}

/** The text of a unit file, byte for byte what `parseUnit` or `editUnit` was given but for the edits. */
export function stringifyUnit(unit: UnitFile): string {
  return unit.entries.map(({ text }) => text).join("");
}

/** The assignments that systemd gets to see: those before a line at which it gives the file up. */
export function assignments({ entries }: UnitFile): Assignment[] {
  const last = entries.findIndex(({ kind }) => kind === "unreadable");
  return entries.slice(0, last < 0 ? undefined : last).filter((entry) => entry.kind === "assignment");
}
