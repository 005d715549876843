import { printGitHub } from "./formats/github.ts";
import { printHuman } from "./formats/human.ts";
import { printLintJson } from "./formats/json.ts";
import { printSarif } from "./formats/sarif.ts";
import type { Report } from "./report.ts";

/** For a person, for a program, for code scanning, or as annotations of GitHub Actions. */
export const formats = ["human", "json", "sarif", "github"] as const;
export type Format = (typeof formats)[number];

/** Prints a report to standard output. */
export function printReport(report: Report, format: Format, version: string): void {
  if (format === "json") printLintJson(report);
  else if (format === "sarif") printSarif(report, version);
  else if (format === "github") printGitHub(report);
  else printHuman(report);
}
