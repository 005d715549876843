import type { UnitEdit } from "../../parse/edit.ts";

/** `error`: systemd won't load it, or it won't serve; `warning`: it will hurt; `info`: it could be better. */
export type Severity = "error" | "warning" | "info";

/** A change to one of the files. */
export interface FileEdit extends UnitEdit {
  readonly file: string;
}

/** Where something was found, and what is to be done. */
export interface Found {
  at: { file: string; line: number };
  /** What was seen. */
  message: string;
  /** What to write. */
  fix: string;
  /** The same as a change that a machine can make. */
  edits?: readonly FileEdit[];
}

/** Something that a linter looks for in one kind of subject. */
export interface Rule<Subject> {
  severity: Severity;
  /** Why it matters, for all that the rule finds. */
  why: string;
  /** The man page that has the rule. */
  man: string;
  find(subject: Subject): readonly Found[];
}
