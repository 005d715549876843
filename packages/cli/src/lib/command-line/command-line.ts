import { readFileSync } from "node:fs";
import process from "node:process";
import { Command, CommanderError } from "commander";
import { print } from "../output/print.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { colour } from "../shared/messages.ts";
import { installCommand } from "./install-command.ts";
import { doctorCommand } from "./doctor-command.ts";
import { runCommand } from "./run-command.ts";
import { uninstallCommand } from "./uninstall-command.ts";
import { logsCommand } from "./logs-command.ts";
import { reloadCommand } from "./reload-command.ts";
import { restartCommand } from "./restart-command.ts";
import { statusCommand } from "./status-command.ts";

/** The command line as a whole. Each command loads its code when it is called, so that `--help` is quick. */
function program(args: readonly string[]): Command {
  // This file is dist/sockact.cjs when it runs.
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  const sockact = new Command("sockact")
    .description("Socket activation for Node servers.")
    .version(version, "-v, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    // What follows the name of a command belongs to that command.
    .enablePositionalOptions();
  sockact.addCommand(runCommand(args));
  sockact.addCommand(installCommand());
  sockact.addCommand(uninstallCommand());
  const others = [statusCommand(), logsCommand(), reloadCommand(), restartCommand()];
  for (const command of others) sockact.addCommand(command);
  sockact.addCommand(doctorCommand());
  for (const command of [sockact, ...sockact.commands])
    command.exitOverride().configureOutput({ outputError: () => {}, writeOut: print });
  return sockact;
}

/** Runs the command that the arguments name, and returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    checkCurrentFolder();
    const sockact = program(args);
    if (args.length === 0) sockact.help({ error: true });
    await sockact.parseAsync([...args], { from: "user" });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    const code = report(error);
    // By 1 and 2, the doctor says what it has found.
    return args[0] === "doctor" && code !== 0 ? EXIT.notExamined : code;
  }
}

function checkCurrentFolder(): void {
  try {
    process.cwd();
  } catch (cause) {
    throw new CliError(
      "ERR_USAGE",
      "the current folder does not exist any more, or you may not enter it",
      "Change to another folder: cd",
      { cause },
    );
  }
}

/** Writes an error to standard error, and returns the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) {
    // Commander has written the help or the version.
    if (error.exitCode === 0) return 0;
    if (error.code === "commander.help") return EXIT.usage;
    const [message = "", ...hints] = error.message.replace(/^error: /, "").split("\n");
    return report(
      new CliError(
        "ERR_USAGE",
        message,
        hints.join(" ") || "sockact --help lists the commands, and sockact COMMAND --help their options.",
      ),
    );
  }
  if (!(error instanceof CliError)) throw error;
  process.stderr.write(
    `${colour("red", "error:")} ${error.message} ${colour("dim", `(${error.code})`)}\n${error.hint}\n`,
  );
  return error.exitCode;
}
