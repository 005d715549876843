import type { Subject } from "./subject.ts";

/** `error`: the service does not answer; `warning`: it will cause trouble; `info`: good to know. */
export type Severity = "error" | "warning" | "info";

/** A line or a value that was read, and where. */
export interface Evidence {
  text: string;
  /**
   * Such as `journal of shop.service`, `/etc/systemd/system/shop.service` or `systemctl show shop.socket`.
   */
  source: string;
}

/** What a diagnosis has found. */
export interface Found {
  /** The unit with the fault: the service, if left out. */
  unit?: string;
  /** What is wrong in this case: one or two sentences. */
  message: string;
  evidence?: readonly Evidence[];
  /** What to change, in a sentence. */
  fix: string;
  /** Commands or lines of a file to copy. */
  copy?: readonly string[];
}

/**
 * One reason why a service is not activated, or soon will not be. Each is in the file of its theme in
 * `diagnoses/`.
 */
export interface Diagnosis {
  /**
   * Stays the same in later versions. The linter and the doctor share their codes: no code has two meanings.
   */
  code: string;
  severity: Severity;
  /** The fault in a few words, without details. */
  title: string;
  /** Why it matters. This is the same in all cases, and plain text. */
  why: string;
  /** What it looks at, as sentences in Markdown, for docs/codes/doctor.md. */
  looksAt: string;
  /** What to change, as sentences in Markdown, for docs/codes/doctor.md. */
  remedy: string;
  /**
   * Codes of findings that follow from this one, those of the linter included. They are left out when this
   * one is found.
   */
  explains?: readonly string[];
  /** Whether it is left out if there is any other error. */
  isLastResort?: true;
  find(subject: Subject): Promise<Found | readonly Found[]>;
}

/** The findings that follow when the app ends at its start. */
export const ofCrash = ["app-crashed", "restart-loop", "idle-spin", "never-ready"] as const;

/** A finding as it is shown, and as `--json` has it. */
export interface Finding extends Required<Found> {
  code: string;
  severity: Severity;
  title: string;
  why: string;
  /** Whether the linter has found it in the files. */
  isLint?: true;
}
