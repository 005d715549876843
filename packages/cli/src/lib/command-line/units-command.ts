import process from "node:process";
import { Command, Option } from "commander";
import { addAppOptions, type AppOptions, systemdVersion } from "./app-options.ts";

interface UnitsCommandOptions extends AppOptions {
  config?: string;
  out?: string;
  comments?: boolean;
  explain?: boolean;
  diff?: boolean;
  json?: boolean;
  systemd?: number;
}

/** `sockact units`. */
export function unitsCommand(): Command {
  const command = new Command("units")
    .description(
      "Print the systemd units of your app, from sockact.config or from what is found in the folder. Nothing is installed.",
    )
    .argument("[name or entry]", "a service of the config, or the file that starts your app")
    .addOption(
      new Option("-o, --out <folder>", "write the units into this folder").conflicts(["diff", "explain"]),
    )
    .addOption(new Option("--explain", "print the reason of each line").conflicts(["diff", "comments"]))
    .option("--comments", "write the reason of each line above it, as a comment")
    .option("--diff", "print how the installed units differ, if they do")
    .option("--json", "print JSON")
    .option("-c, --config <file>", "use this config (default: sockact.config.* in the folder)")
    .option(
      "--systemd <version>",
      "for this version of systemd (default: the installed one)",
      systemdVersion,
    );
  return addAppOptions(command)
    .addHelpText(
      "after",
      `
Examples:
  sockact units
  sockact units server.js --name shop --listen 80
  sockact units --explain | less
  sockact units --diff shop

Exit codes:
  0  done; with --diff, the installed units are the same
  1  it failed; with --diff, they differ
  2  wrong arguments, or no app was found`,
    )
    .action(async (argument: string | undefined, options: UnitsCommandOptions) => {
      const { units } = await import("../units/units.ts");
      process.exitCode = await units(argument, {
        ...options,
        app: { ...options, start: false, request: false, timeout: 0 },
      });
    });
}
