import { printJson } from "../../output/print.ts";
import { countsOf, lintPage, type Report } from "../report.ts";

/** Prints for a program. docs/command-line.md says what may change. */
export function printLintJson({ files, findings, unread, fixed }: Report): void {
  printJson({
    files,
    counts: countsOf(findings),
    findings: findings.map((finding) => ({ ...finding, url: lintPage })),
    unread,
    fixed,
  });
}
