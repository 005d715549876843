import { explainedCodes } from "../../explain/codes.ts";
import type { Finding, Severity } from "@sockact/units";

/** Something that was found in a file. */
export interface ReportedFinding {
  readonly file: string;
  /** Counted from 1; 0 where it is not known. */
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
  /** Whether `--fix` can make the change. */
  readonly fixable: boolean;
  /** The line as it is in the file. */
  readonly source: string;
}

/** A file or folder that could not be read. */
export interface UnreadFile {
  readonly file: string;
  readonly message: string;
}

/** All that is to be printed. */
export interface Report {
  /** How many files were read. */
  readonly files: number;
  readonly findings: readonly ReportedFinding[];
  readonly unread: readonly UnreadFile[];
  /** The files that `--fix` has changed. */
  readonly fixed: readonly string[];
  /** With `sockact verify`: how exposed each service is. */
  readonly exposures?: readonly { readonly file: string; readonly score: number; readonly rating: string }[];
  /** With `sockact verify`: what systemd could not be asked, and why. */
  readonly missing?: readonly string[];
}

/** How systemd counts lines. */
const lineEnd = /\n\r?|\r\n?|\0/;

/** Where each code of the linter is explained. */
export function lintCodes(): ReadonlyMap<string, string> {
  const codes = explainedCodes().filter(({ theme }) => theme.startsWith("Linter: "));
  return new Map(codes.map(({ code, url }) => [code, url]));
}

/** A finding as it is reported, with the line of the file. */
export function reported(finding: Finding, text: string, url: string): ReportedFinding {
  const { file, line, severity, code, message, why, fix, edits } = finding;
  const source = text.split(lineEnd)[line - 1]?.trim() ?? "";
  return { file, line, severity, code, message, why, fix, url, fixable: edits !== undefined, source };
}

const ranks: Readonly<Record<Severity, number>> = { info: 0, warning: 1, error: 2 };

/** Whether a severity is at least as bad as another. */
export function isAtLeast(severity: Severity, least: Severity): boolean {
  return ranks[severity] >= ranks[least];
}

/** How many findings there are of each severity. */
export function countsOf(findings: readonly ReportedFinding[]): Record<Severity, number> {
  const counts = { error: 0, warning: 0, info: 0 };
  for (const { severity } of findings) counts[severity] += 1;
  return counts;
}
