import process from "node:process";
import { Command, InvalidArgumentError, Option } from "commander";
import type { RunOptions } from "../run/options.ts";
import { collect } from "./option-values.ts";

function count(value: string): number {
  if (!/^[1-9]\d{0,5}$/.test(value)) throw new InvalidArgumentError("It must be a number from 1 to 999999.");
  return Number(value);
}

/**
 * `sockact run`.
 *
 * @param args all arguments of the command line, as they were written
 */
export function runCommand(args: readonly string[]): Command {
  return (
    new Command("run")
      .description(
        "Listen on sockets, and run a command that gets them as systemd would pass them. The sockets stay open when the command restarts.",
      )
      .usage("[options] -- COMMAND…")
      // Not <command…>: Commander's error for a missing command has no example.
      .argument("[command...]", "the command and its arguments, such as node server.js")
      .option(
        "-l, --listen <address>",
        "listen on this address: 3000, 127.0.0.1:3000, [::1]:3000, localhost:3000, /path/to.sock or @abstract. May be repeated (default: localhost, on PORT or 3000)",
        collect,
      )
      .option(
        "-n, --name <name>",
        "FileDescriptorName= of each socket, in the order of --listen. May be repeated",
        collect,
      )
      // A parser of an optional argument is called with the preset if there is no argument.
      .addOption(
        new Option(
          "-w, --watch [path]",
          "restart when a file changes in this folder (default: the current one). May be repeated",
        )
          .preset(".")
          .argParser(collect),
      )
      .option("--ignore <path>", "do not watch this file or folder. May be repeated", collect)
      .option("--restart", "start the command again when it has crashed, after 1 s, then 2 s, up to 30 s")
      .option(
        "--on-demand",
        "start the command at the first connection, and again after it has gone to sleep",
      )
      .option("--accept", "start one process for each connection, as Accept=yes does")
      .option(
        "--max-connections <number>",
        "with --accept: how many connections may be open at once (default: 64)",
        count,
      )
      .option("--datagram", "pass UDP sockets")
      .option(
        "--stop-timeout <duration>",
        "how long the command may take to exit before it is killed (default: 15s, and 5s with --watch)",
      )
      .option("--preload", "load @sockact/register into the command, for an app without sockact")
      // The descriptions contain the defaults.
      .configureHelp({ optionDescription: ({ description }) => description })
      // After the command's name, its options need no `--`.
      .passThroughOptions()
      .addHelpText(
        "after",
        `
Examples:
  sockact run --watch -- node server.js
  sockact run -l 8080 -l /tmp/admin.sock -n http -n admin -- node server.js
  SOCKACT_IDLE_TIMEOUT=30s sockact run --on-demand -- node server.js

Exit codes:
  that of the command, or 128 and the number of the signal that ended it
  1    it can't listen
  2    wrong arguments, or a command that loses the sockets
  126  the command can't be executed
  127  there is no such command`,
      )
      .action(async (command: string[], options: RunOptions) => {
        const { run } = await import("../run/run.ts");
        process.exitCode = await run(command, options, args);
      })
  );
}
