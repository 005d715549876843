import type { UnitEdit } from "../../parse/edit.ts";

/** `error`: systemd does not load the unit, or the app does not work. `warning`: it will cause trouble. `info`: it could be better. */
export type Severity = "error" | "warning" | "info";

/** A change to one of the files. */
export interface FileEdit extends UnitEdit {
  /** The name of the file, as it was given to `lintUnits`: `shop.service`. */
  readonly file: string;
}

/** What was found, where, and what to do. */
export interface Found {
  at: { file: string; line: number };
  /** What was seen. */
  message: string;
  /** What to write. */
  fix: string;
  /** What to write in a description, if that is more than the names of its fields in place of the directives in `fix`. */
  fixInDescription?: string | undefined;
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
