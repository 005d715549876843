import process from "node:process";
import { Argument, Command } from "commander";
import type { LintOptions } from "../lint/lint.ts";
import { formatOption, severityOption } from "./finding-options.ts";
import { collect } from "./option-values.ts";

/** `sockact lint`. */
export function lintCommand(): Command {
  return new Command("lint")
    .description(
      "Find mistakes in unit files. It reports what systemd refuses or ignores, and what will hurt a Node service. Folders are searched for *.service, *.socket and their drop-ins.",
    )
    .addArgument(
      new Argument("[files...]", "unit files, drop-ins or folders; - reads a unit from stdin").default(
        ["."],
        "the current folder",
      ),
    )
    .addOption(formatOption())
    .option("--json", "the same as --format json")
    .option("--fix", "make the changes that need no decision, and print what is left")
    .option("--diff", "print the changes that --fix would make, and make none")
    .addOption(severityOption())
    .option("-q, --quiet", "print only the findings that lead to exit code 1")
    .option("--ignore <code>", "leave out the findings with this code. May be repeated", collect)
    .option("--user", "the units are for the systemd of a user (systemctl --user)")
    .option("--stdin-filename <file>", "the name of the unit that - reads", "stdin.service")
    .addHelpText(
      "after",
      `
A comment in a unit file leaves out a finding there:
  # sockact-ignore: user-root

Examples:
  sockact lint
  sockact lint deploy/ --fix
  sockact lint --format github
  sockact lint - --stdin-filename shop.socket < shop.socket

Exit codes:
  0  nothing was found, or nothing of that severity
  1  there are findings, or a file could not be read
  2  wrong arguments, or there are no unit files`,
    )
    .action(async (files: string[], options: LintOptions) => {
      const { lint } = await import("../lint/lint.ts");
      process.exitCode = await lint(files, options);
    });
}
