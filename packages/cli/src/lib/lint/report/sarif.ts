import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import { printJson } from "../../output/print.ts";
import type { Report } from "./report.ts";

const levels = { error: "error", warning: "warning", info: "note" } as const;

/** Relative to the working directory, as code scanning requires. */
function uriOf(file: string): string {
  return isAbsolute(file) ? pathToFileURL(file).href : file.split("/").map(encodeURIComponent).join("/");
}

/** Prints a SARIF 2.1.0 log. */
export function printSarif({ findings, unread }: Report, version: string): void {
  const rules = [...new Map(findings.map((finding) => [finding.code, finding])).values()];
  const indexes = new Map(rules.map(({ code }, index) => [code, index]));
  printJson({
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "sockact",
            version,
            informationUri: "https://github.com/sockact/sockact",
            rules: rules.map(({ code, why, url, severity }) => ({
              id: code,
              shortDescription: { text: why || code },
              helpUri: url,
              defaultConfiguration: { level: levels[severity] },
            })),
          },
        },
        invocations: [
          {
            executionSuccessful: unread.length === 0,
            toolExecutionNotifications: unread.map(({ file, message }) => ({
              level: "error",
              message: { text: message },
              locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(file) } } }],
            })),
          },
        ],
        results: findings.map(({ file, line, severity, code, message, fix, source }) => ({
          ruleId: code,
          ruleIndex: indexes.get(code),
          level: levels[severity],
          message: { text: fix === "" ? message : `${message}\nFix: ${fix}` },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: uriOf(file) },
                ...(line > 0 && { region: { startLine: line, snippet: { text: source } } }),
              },
            },
          ],
        })),
        columnKind: "utf16CodeUnits",
      },
    ],
  });
}
