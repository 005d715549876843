import process from "node:process";
import { Command, InvalidArgumentError, Option } from "commander";
import { addAppOptions } from "./app-options.ts";
import { collect } from "./option-values.ts";

function within(least: number, most: number): (value: string) => number {
  return (value) => {
    if (!/^\d{1,4}$/.test(value) || Number(value) < least || Number(value) > most)
      throw new InvalidArgumentError(`It must be a number from ${least} to ${most}.`);
    return Number(value);
  };
}

/** The options of an app, but for `--user`: the app is only tried, in a systemd of its own. */
const appOptions = (): Option[] =>
  addAppOptions(new Command()).options.filter(({ long }) => long !== "--user");

/** The options of the app as words for `sockact install`. */
function installOptionsOf(command: Command, options: readonly Option[]): string[] {
  return options.flatMap((option) => {
    const name = option.attributeName();
    const value: unknown = command.getOptionValue(name);
    if (command.getOptionValueSource(name) !== "cli") return [];
    const { long } = option as { long: string };
    return typeof value === "boolean" ? [long] : [value].flat().flatMap((one) => [long, String(one)]);
  });
}

/** `sockact prove`. */
export function proveCommand(): Command {
  const ofApp = appOptions();
  const command = new Command("prove")
    .description(
      "Try what sockact promises with your app: no request lost at a restart, sleep and wake, kill -9, the sandbox, leaks. It boots a systemd of its own for this, and leaves your machine as it is.",
    )
    .argument(
      "[entry]",
      "the file that Node runs, such as server.js. Without it, the config of this folder is used, or else the start script",
    )
    .configureHelp({ optionDescription: ({ description }) => description })
    .option("-c, --config <file>", "use this config")
    .option("--path <path>", "request this path (default: /)")
    .option(
      "--status <code>",
      "the right status (default: that of the first answer, if it is below 500)",
      within(100, 599),
    )
    .option(
      "--with <command>",
      "run this shell command beside the app, such as a database. May be repeated",
      collect,
    )
    .option("--restarts <number>", "how often to restart it, and to reload it (default: 3)", within(1, 1000))
    .option("--only <checks>", "try only these, such as restart,sleep. May be repeated", collect)
    .addOption(
      new Option("-f, --format <format>", "print text, json, junit, markdown or sarif (default: text)")
        .choices(["text", "json", "junit", "markdown", "sarif"])
        .conflicts("json"),
    )
    .option("--json", "the same as --format json")
    .option(
      "-o, --output <format=file>",
      "write a file too, such as junit=report.xml. May be repeated",
      collect,
    )
    .option("--budget <limits>", "fail above these, such as wake=300ms,score=2.0,lost=0", collect)
    .option("--baseline <file>", "say what has changed since the run that was saved in this file")
    .option("--save <file>", "save this run for --baseline, as JSON");
  for (const option of ofApp) command.addOption(option);
  return command
    .addHelpText(
      "after",
      `
It needs root or a user namespace, systemd, and @sockact/prove:
  npm install --save-dev @sockact/prove

Examples:
  sudo sockact prove server.js
  sudo sockact prove --with 'redis-server --port 6379' --path /health
  sudo sockact prove --only restart,sleep --budget wake=300ms,lost=0
  sudo sockact prove --output junit=report.xml --output sarif=prove.sarif

Exit codes:
  0    all promises hold
  1    a promise is broken, something is over its budget or was not measured, or
       the app can't be installed
  2    wrong arguments
  3    nothing can be tried on this machine: the error says what is missing
  130  you have cancelled it; nothing is left behind`,
    )
    .action(async (entry: string | undefined) => {
      const { proveApp } = await import("../prove/prove.ts");
      const options = { ...command.opts(), installOptions: installOptionsOf(command, ofApp) };
      process.exitCode = await proveApp(entry, options);
    });
}
