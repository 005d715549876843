import { printJson } from "../../output/print.ts";
import { countsOf, type Report } from "./report.ts";

/** Prints for a program. docs/command-line.md says what may change. */
export function printLintJson({ files, findings, unread, fixed, exposures, missing }: Report): void {
  printJson({
    files,
    counts: countsOf(findings),
    findings,
    unread,
    fixed,
    exposures,
    missing,
  });
}
