import { byteLength, unspeakable } from "../systemd/text.ts";

/** A line of a unit file, with its continuation lines. */
export type UnitEntry = {
  /** The line as in the file, with line ends. */
  readonly text: string;
  /** The number of its first line, counted from 1. */
  readonly line: number;
} & (
  | {
      /** One `key=value`. */
      readonly kind: "assignment";
      /** The name of its section, without brackets: `Service`. */
      readonly section: string;
      /** The name of the directive, as written. */
      readonly key: string;
      /** The value as systemd reads it: continuation lines are joined, and surrounding spaces removed. */
      readonly value: string;
      /**
       * In units of `buildUnits`, the field of the description that wrote the line: `sockets[0].listen`.
       * Missing if no single field did.
       */
      readonly field?: string | undefined;
      /** In units of `buildUnits`, the reason for a line without a field. */
      readonly reason?: string | undefined;
    }
  | {
      /** The line that begins a section, such as `[Service]`. */
      readonly kind: "section";
      /** The name of the section, without brackets: `Service`. */
      readonly section: string;
    }
  | {
      /** An empty line or a comment. */
      readonly kind: "blank";
    }
  | {
      /**
       * A line that systemd ignores (`line-ignored`), or at which it stops reading the file (`unreadable`).
       */
      readonly kind: "line-ignored" | "unreadable";
      /** What is wrong with the line. */
      readonly message: string;
    }
);

/** A unit file or drop-in, line by line, with every byte. */
export interface UnitFile {
  /** The lines of the file in order. A continuation line is part of the entry that it continues. */
  readonly entries: readonly UnitEntry[];
  /** Whether the last line ends in a backslash, so that it would include appended text. */
  readonly open: boolean;
}

/** One `key=value`, as systemd reads it: continuation lines are joined, and surrounding spaces removed. */
export type Assignment = Extract<UnitEntry, { kind: "assignment" }>;

/** systemd's LONG_LINE_MAX. A line must be shorter; with continuation lines, it may be that long. */
const longestLine = 1_048_576;

/** In systemd's read_line(), a carriage return or NUL also ends a line. */
const physicalLines = /([^\n\r\0]*)((?:\n\r?|\r\n?)\0?|\0|$)/g;

const comment = /^[ \t]*[#;]/;

/** A physical line of a file. */
interface Line {
  /** The line as in the file. */
  text: string;
  content: string;
  /** The line end. The last line may have none. */
  end: string;
  isComment: boolean;
}

/** Iterates over the lines, because there may be a million. */
export function* linesIn(text: string): Generator<Line> {
  for (const [whole, content = "", end = ""] of text.matchAll(physicalLines)) {
    if (whole !== "") yield { text: whole, content, end, isComment: comment.test(content) };
  }
}

/** Whether the next line continues this one: it ends in an odd number of backslashes. */
export function goesOn(line: string): boolean {
  let end = line.length;
  while (line[end - 1] === "\\") end -= 1;
  return (line.length - end) % 2 === 1;
}

const trimmed = (text: string): string => text.replace(/^[ \t]+|(?<![ \t])[ \t]+$/g, "");

/**
 * Parses a unit file or drop-in as systemd does; see systemd.syntax(7).
 *
 * It accepts any string. Lines that systemd does not read are entries too, and
 * `stringifyUnit(parseUnit(text))` equals `text`.
 */
export function parseUnit(text: string): UnitFile {
  const entries: UnitEntry[] = [];
  let section: string | undefined;
  // The parts are joined once, at the end, because a value may have as many lines as the file.
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
      // systemd also ignores a comment between continued lines, and a backslash at its end.
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
          message: "the section's name contains a quote, a backslash or a control character",
        }
      : { kind: "section", section: name };
  }
  if (section === undefined) return { kind: "line-ignored", message: "it is before the first section" };
  const [, key, value] = /^([^=]*)=([^]*)$/.exec(content) ?? [];
  if (key === undefined || value === undefined) return { kind: "line-ignored", message: "it has no =" };
  if (key === "") return { kind: "line-ignored", message: "it has no name before the =" };
  return { kind: "assignment", section, key: trimmed(key), value: trimmed(value) };
}

/** Returns a unit file as a string: every byte that `parseUnit` read, with the changes of `editUnit`. */
export function stringifyUnit(unit: UnitFile): string {
  return unit.entries.map(({ text }) => text).join("");
}

/** The assignments that systemd reads, before any line at which it stops. */
export function assignments({ entries }: UnitFile): Assignment[] {
  const last = entries.findIndex(({ kind }) => kind === "unreadable");
  return entries.slice(0, last < 0 ? undefined : last).filter((entry) => entry.kind === "assignment");
}
