import type { Subject } from "./subject.ts";

/** `error`: the service does not serve; `warning`: it will cause trouble; `info`: good to know. */
export type Severity = "error" | "warning" | "info";

/** Versions from the first to the last one, both included. */
export interface VersionRange {
  from?: number;
  to?: number;
}

/** A line or a value that was read, and where. */
export interface Evidence {
  text: string;
  /** Such as `journal of shop.service`, `/etc/systemd/system/shop.service` or `systemctl show shop.socket`. */
  source: string;
}

/** What a diagnosis has found. */
export interface Found {
  /** The unit that it is about. */
  unit: string;
  /** What is wrong, with what was seen: one or two sentences. */
  message: string;
  evidence: readonly Evidence[];
  /** What to change, in a sentence. */
  fix: string;
  /** Commands or lines of a file to copy. */
  copy?: readonly string[];
}

/** One reason why activation does not happen, or will stop to. Each is in a file of its own below `diagnoses/`. */
export interface Diagnosis {
  /** Which one it is, for good. The linter and the doctor share their names: no code means two things. */
  code: string;
  severity: Severity;
  /** What is wrong, in a few words, without the details of a case. */
  title: string;
  /** Why it matters, for all cases. */
  why: string;
  /** What it looks at, for docs/doctor.md. */
  looksAt: string;
  /** What to change, for docs/doctor.md. */
  remedy: string;
  /** The versions of systemd that can have it; all, if left out. */
  systemd?: VersionRange;
  /** The major versions of Node that can have it; all, if left out. */
  node?: VersionRange;
  /** Codes of findings that follow from this one, also of the linter. They are left out where this one is found. */
  explains?: readonly string[];
  find(subject: Subject): Promise<readonly Found[]>;
}

/** A finding as it is shown, and as `--json` has it. */
export interface Finding extends Required<Found> {
  code: string;
  severity: Severity;
  title: string;
  why: string;
  /** Whether the linter has found it in the files. */
  isLint?: true;
}
