import { printJson } from "../../output/print.ts";
import { ownVersion } from "../../shared/own-version.ts";
import { printGitHub } from "./github.ts";
import { printHuman } from "./human.ts";
import { printSarif } from "./sarif.ts";
import { countsOf, type Report } from "./report.ts";

/** Text, JSON, code scanning, or annotations of GitHub Actions. */
export type Format = "human" | "json" | "sarif" | "github";

/** Prints a report to standard output. */
export function printReport(report: Report, format: Format): void {
  if (format === "json") printLintJson(report);
  else if (format === "sarif") printSarif(report, ownVersion());
  else if (format === "github") printGitHub(report);
  else printHuman(report);
}

/** docs/command-line.md says what may change. */
function printLintJson({ files, findings, unread, fixed, exposures, missing }: Report): void {
  printJson({ files, counts: countsOf(findings), findings, unread, fixed, exposures, missing });
}
