import { explainedCodes } from "../../explain/codes.ts";
import type { Finding, Severity } from "@sockact/units";

/** A finding in a file. */
export interface ReportedFinding {
  readonly file: string;
  /** Counted from 1; 0 if unknown. */
  readonly line: number;
  readonly severity: Severity;
  readonly code: string;
  readonly message: string;
  /** Why it matters. */
  readonly why: string;
  /** What to write. */
  readonly fix: string;
  /** A page that explains the code. */
  readonly url: string;
  /** Whether `--fix` can fix it. */
  readonly fixable: boolean;
  /** The line in the file. */
  readonly source: string;
}

/** A file or folder that could not be read. */
export interface UnreadFile {
  readonly file: string;
  readonly message: string;
}

/** The data to print. */
export interface Report {
  /** How many files were read. */
  readonly files: number;
  readonly findings: readonly ReportedFinding[];
  readonly unread: readonly UnreadFile[];
  /** The files that `--fix` changed. */
  readonly fixed: readonly string[];
  /** With `sockact verify`: how exposed each service is. */
  readonly exposures?: readonly { readonly file: string; readonly score: number; readonly rating: string }[];
  /** With `sockact verify`: the checks of systemd that could not run, and why. */
  readonly missing?: readonly string[];
}

/** The line ends that systemd counts. */
const lineEnd = /\n\r?|\r\n?|\0/;

/** The page of each code of the linter. */
export function lintCodes(): ReadonlyMap<string, string> {
  const codes = explainedCodes().filter(({ theme }) => theme.startsWith("Linter: "));
  return new Map(codes.map(({ code, url }) => [code, url]));
}

/** A finding with the line of the file. */
export function reported(finding: Finding, text: string, url: string): ReportedFinding {
  const { file, line, severity, code, message, why, fix, edits } = finding;
  const source = text.split(lineEnd)[line - 1]?.trim() ?? "";
  return { file, line, severity, code, message, why, fix, url, fixable: edits !== undefined, source };
}

const ranks: Readonly<Record<Severity, number>> = { info: 0, warning: 1, error: 2 };

/** Whether a severity is at least as high as another. */
export function isAtLeast(severity: Severity, least: Severity): boolean {
  return ranks[severity] >= ranks[least];
}

/** The number of findings of each severity. */
export function countsOf(findings: readonly ReportedFinding[]): Record<Severity, number> {
  const counts = { error: 0, warning: 0, info: 0 };
  for (const { severity } of findings) counts[severity] += 1;
  return counts;
}
