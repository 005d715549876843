import { printGitHub } from "./github.ts";
import { printHuman } from "./human.ts";
import { printLintJson } from "./json.ts";
import { printSarif } from "./sarif.ts";
import type { Report } from "./report.ts";

/** For a person, for a program, for code scanning, or as annotations of GitHub Actions. */
export type Format = "human" | "json" | "sarif" | "github";

/** Prints a report to standard output. */
export function printReport(report: Report, format: Format, version: string): void {
  if (format === "json") printLintJson(report);
  else if (format === "sarif") printSarif(report, version);
  else if (format === "github") printGitHub(report);
  else printHuman(report);
}
