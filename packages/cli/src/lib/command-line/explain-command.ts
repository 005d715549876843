import { Command } from "commander";
import type { ExplainOptions } from "../explain/explain.ts";

/** `sockact explain`. */
export function explainCommand(): Command {
  return new Command("explain")
    .description(
      "Explain the code of an error, a warning, or a finding of lint or doctor: what it means, and what to change. Without a code, list all of them.",
    )
    .argument("[code...]", "such as SOCKACT_ERR_NAME_UNKNOWN, in upper or lower case")
    .option("--json", "print JSON. Its strings are Markdown")
    .addHelpText(
      "after",
      `
Examples:
  sockact explain
  sockact explain SOCKACT_ERR_NAME_UNKNOWN
  sockact explain port-taken --json

Exit codes:
  0  explained
  2  unknown code`,
    )
    .action(async (codes: string[], options: ExplainOptions) => {
      const { explain } = await import("../explain/explain.ts");
      explain(codes, options);
    });
}
