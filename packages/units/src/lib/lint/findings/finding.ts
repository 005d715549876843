import type { UnitEdit } from "../../parse/edit.ts";

/**
 * `error`: systemd does not load the unit, or the app does not work. `warning`: it will cause problems.
 * `info`: it could be better.
 */
export type Severity = "error" | "warning" | "info";

/** A change to one of the files. */
export interface FileEdit extends UnitEdit {
  /** The name of the file, as passed to `lintUnits`: `shop.service`. */
  readonly file: string;
}

/** Lines to write, by directive. An empty value means the directive alone. */
type FixLines = Readonly<Record<string, string | undefined>>;

/** What to write: text, or lines with text around them. For a description, the lines become fields. */
export type Fix = string | readonly (string | FixLines)[];

/** A fix as a string, with lines formatted by `lineText`. */
export function fixText(
  fix: Fix,
  lineText = (key: string, value: string): string => `${key}=${value}`,
): string {
  return [fix]
    .flat()
    .map((part) => {
      if (typeof part === "string") return part;
      const lines = Object.entries(part).map(([key, value = ""]) => lineText(key, value));
      return [...(lines.length > 1 ? [lines.slice(0, -1).join(", ")] : []), lines.at(-1)].join(" and ");
    })
    .join("");
}

/** What to tell the reader of a description, if the words about unit files would not help. */
interface InDescription {
  /** The field to change, if it is not the one that wrote the line. */
  field?: string;
  fix: string;
}

/** A problem, its place, and the fix. */
export interface Found {
  at: { file: string; line: number };
  /** What was seen. */
  message: string;
  /** What to write. */
  fix: Fix;
  inDescription?: InDescription | undefined;
  /** The fix as edits for `fixUnits`. */
  edits?: readonly FileEdit[];
}

/** A check for one kind of subject. */
export interface Rule<Subject> {
  severity: Severity;
  /** The consequence, for every finding of the rule. */
  why: string;
  /** The man page with the rule. */
  man: string;
  find(subject: Subject): readonly Found[];
}
