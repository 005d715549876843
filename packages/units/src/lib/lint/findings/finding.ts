import type { UnitEdit } from "../../parse/edit.ts";

/**
 * `error`: systemd does not load the unit, or the app does not work. `warning`: it will cause trouble.
 * `info`: it could be better.
 */
export type Severity = "error" | "warning" | "info";

/** A change to one of the files. */
export interface FileEdit extends UnitEdit {
  /** The name of the file, as it was given to `lintUnits`: `shop.service`. */
  readonly file: string;
}

/** Lines to write, by their directives. An empty value stands for the directive alone. */
type FixLines = Readonly<Record<string, string | undefined>>;

/** What to write: words, or lines with words around them. In a description, fields stand for the lines. */
export type Fix = string | readonly (string | FixLines)[];

/** A fix as a string. `lineText` formats a line. */
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

/** What a reader of a description is told, if the same in the words of unit files would not help. */
interface InDescription {
  /** The field to change, if the line has none or another one. */
  field?: string;
  fix: string;
}

/** What was found, where, and what to do. */
export interface Found {
  at: { file: string; line: number };
  /** What was seen. */
  message: string;
  /** What to write. */
  fix: Fix;
  inDescription?: InDescription | undefined;
  /** The same change as an edit that `fixUnits` can make. */
  edits?: readonly FileEdit[];
}

/** Something that the linter looks for in one kind of subject. */
export interface Rule<Subject> {
  severity: Severity;
  /** What happens otherwise. It applies to every finding of the rule. */
  why: string;
  /** The man page that has the rule. */
  man: string;
  find(subject: Subject): readonly Found[];
}
