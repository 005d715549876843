import process from "node:process";
import { Command } from "commander";
import { colourOut, print } from "../output/print.ts";
import { commandsIn, helpCommand, ownCommand } from "../shared/own-command.ts";
import { ownVersion } from "../shared/own-version.ts";
import { completeCommand, completionCommand } from "./completion-command.ts";
import { doctorCommand } from "./doctor-command.ts";
import { drainCommand, undrainCommand } from "./drain-commands.ts";
import { explainCommand } from "./explain-command.ts";
import { hostsCommand } from "./hosts-command.ts";
import { initCommand } from "./init-command.ts";
import { installCommand } from "./install-command.ts";
import { lintCommand } from "./lint-command.ts";
import { logsCommand } from "./logs-command.ts";
import { manCommand } from "./man-command.ts";
import { metricsCommand } from "./metrics-command.ts";
import { proveCommand } from "./prove-command.ts";
import { reloadCommand } from "./reload-command.ts";
import { restartCommand } from "./restart-command.ts";
import { runCommand } from "./run-command.ts";
import { statusCommand } from "./status-command.ts";
import { uninstallCommand } from "./uninstall-command.ts";
import { unitsCommand } from "./units-command.ts";
import { verifyCommand } from "./verify-command.ts";

/** Where to report a bug. */
export const issues = "https://github.com/sockact/sockact/issues";

/** All commands, by theme. Add a new command here. */
function commandsByTheme(args: readonly string[]): Record<string, Command[]> {
  return {
    "Set up:": [initCommand(), unitsCommand(), installCommand(), uninstallCommand()],
    "Operate:": [
      statusCommand(),
      hostsCommand(),
      logsCommand(),
      metricsCommand(),
      reloadCommand(),
      restartCommand(),
      drainCommand(),
      undrainCommand(),
    ],
    "Find out what is wrong:": [doctorCommand(), explainCommand(), lintCommand(), verifyCommand()],
    "Develop:": [runCommand(args), proveCommand()],
    "Your shell:": [completionCommand(), manCommand()],
  };
}

/**
 * The whole command line. Each command loads its code when it runs, so `--help` is fast.
 *
 * @param args all arguments of the command line
 */
export function createProgram(args: readonly string[]): Command {
  const sockact = new Command("sockact")
    .description("Socket activation for Node servers: systemd opens the port, and passes it to your app.")
    .usage("[options] <command>")
    .version(ownVersion(), "-v, --version", "print the version")
    .addHelpCommand(
      new Command("help")
        .argument("[command]", "which command")
        .description("Print the help of a command.")
        .helpGroup("Your shell:"),
    )
    // Words after the name of a command belong to that command.
    .enablePositionalOptions()
    .addHelpText(
      "after",
      `
Examples:
  sudo sockact install server.js --name shop --listen 80
  sockact status
  sudo sockact doctor shop
  sockact run --watch -- node server.js

Exit codes:
  0   done
  1   it failed, or something was found
  2   wrong arguments
  70  a bug in sockact
${helpCommand("COMMAND")} has the exit codes of each command.

Each error has a code. To read more about it: ${ownCommand("explain", "CODE")}
NO_COLOR=1 turns colours off.
${issues}`,
    );
  for (const [theme, commands] of Object.entries(commandsByTheme(args)))
    for (const command of commands) sockact.addCommand(command.helpGroup(theme));
  sockact.addCommand(completeCommand(), { hidden: true });
  followConventions(sockact);
  return sockact;
}

/** The help with commands as they can be run here. The shell needs the program itself to complete its words. */
const withCommands = (text: string, command: Command): string =>
  command.name() === "completion" ? text : text.replaceAll(/^Examples:\n(?: .*\n)+/gm, commandsIn);

const withTitles = (text: string): string =>
  text.replaceAll(/^[A-Z][a-z ]+:$/gm, (title) => colourOut("bold", title));

/** Settings of all commands. */
function followConventions(command: Command): void {
  for (const subcommand of command.commands) followConventions(subcommand);
  command
    .exitOverride()
    .helpOption("-h, --help", "print this help")
    .configureHelp({
      ...command.configureHelp(),
      styleTitle: (title) => colourOut("bold", title),
      subcommandTerm: (listed) => listed.name(),
      // The first sentence, up to a list.
      subcommandDescription: (listed) =>
        listed
          .description()
          .replaceAll(/\s+/g, " ")
          .replace(/[.:] .*/, "."),
    })
    .configureOutput({
      outputError: () => {},
      // Commander does not know the headings of addHelpText().
      writeOut: (text) => print(withTitles(withCommands(text, command))),
      writeErr: (text) => void process.stderr.write(withTitles(withCommands(text, command))),
      // Longer lines are hard to read.
      getOutHelpWidth: () => Math.min(process.stdout.columns ?? 80, 100),
      // colourOut() knows.
      getOutHasColors: () => true,
    });
}
