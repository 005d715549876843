import process from "node:process";
import { Command, InvalidArgumentError } from "commander";
import type { VerifyOptions } from "../verify/verify.ts";
import { formatOption, severityOption } from "./finding-options.ts";
import { collect } from "./option-values.ts";

function score(value: string): number {
  const read = Number(value);
  if (value.trim() === "" || !(read >= 0 && read <= 10))
    throw new InvalidArgumentError("It must be a number from 0 to 10, such as 2.5.");
  return read;
}

/** `sockact verify`. */
export function verifyCommand(): Command {
  return new Command("verify")
    .description(
      "Check units with sockact lint, and with systemd itself. It runs systemd-analyze verify and systemd-analyze security, where they are installed. Without an argument, check the units that the sockact.config in this folder describes, or else the unit files in it.",
    )
    .argument("[targets...]", "unit files, folders, or names of installed services")
    .option("-c, --config <file>", "check the units that this file describes")
    .option(
      "--threshold <score>",
      "report a service whose exposure is above this: from 0, the best, to 10",
      score,
    )
    .option("--security-policy <file>", "rate with this policy of systemd-analyze security")
    .addOption(formatOption())
    .option("--json", "the same as --format json")
    .addOption(severityOption())
    .option("--ignore <code>", "leave out the findings with this code. May be repeated", collect)
    .option("--user", "the units are for the systemd of a user (systemctl --user)")
    .addHelpText(
      "after",
      `
Examples:
  sockact verify
  sockact verify deploy/ --threshold 2.5
  sockact verify shop

Exit codes:
  0  nothing was found, or nothing of that severity
  1  there are findings, or a file could not be read
  2  wrong arguments, or there is nothing to check`,
    )
    .action(async (targets: string[], options: VerifyOptions) => {
      const { verify } = await import("../verify/verify.ts");
      process.exitCode = await verify(targets, options);
    });
}
