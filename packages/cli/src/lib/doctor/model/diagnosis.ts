import type { Subject } from "./subject.ts";

/** `error`: the service does not answer; `warning`: it will cause problems; `info`: good to know. */
export type Severity = "error" | "warning" | "info";

/** A line or value, and its source. */
export interface Evidence {
  text: string;
  /**
   * For example `journal of shop.service`, `/etc/systemd/system/shop.service` or `systemctl show
   * shop.socket`.
   */
  source: string;
}

/** The result of a diagnosis. */
export interface Found {
  /** The faulty unit. The default is the service. */
  unit?: string;
  /** If it is less, or more, serious in this case. */
  severity?: Severity;
  /** What is wrong in this case, in one or two sentences. */
  message: string;
  /** Why it matters in this case, if not as in general. */
  why?: string;
  evidence?: readonly Evidence[];
  /** What to change, in a sentence. */
  fix: string;
  /** Commands or lines to copy. */
  copy?: readonly string[];
}

/**
 * A reason why a service is not activated, or soon will not be. Each one is in the file of its theme in
 * `diagnoses/`.
 */
export interface Diagnosis {
  /**
   * The code. It does not change between releases. The linter and the doctor share their codes: no code has
   * two meanings.
   */
  code: string;
  severity: Severity;
  /** The fault in a few words, without details. */
  title: string;
  /** Why it matters, in general and as plain text. */
  why: string;
  /** What it looks at, as sentences in Markdown, for docs/codes/doctor.md. */
  looksAt: string;
  /** What to change, as sentences in Markdown, for docs/codes/doctor.md. */
  remedy: string;
  /**
   * Codes of findings that follow from this one, also of the linter. They are omitted if this one is found.
   */
  explains?: readonly string[];
  /** Whether it is omitted if there is any other error. */
  isLastResort?: true;
  find(subject: Subject): Promise<Found | readonly Found[]>;
}

/** The findings that follow if the app ends at its start. */
export const ofCrash = ["app-crashed", "restart-loop", "idle-spin", "never-ready"] as const;

/** A finding as in the report and in `--json`. */
export interface Finding extends Required<Found> {
  code: string;
  severity: Severity;
  title: string;
  why: string;
  /** Whether the linter has found it in the files. */
  isLint?: true;
}
