import process from "node:process";
import { Command, InvalidArgumentError, Option } from "commander";
import type { LogsOptions } from "../logs/logs.ts";

function lineCount(value: string): number {
  if (!/^\d{1,7}$/.test(value)) throw new InvalidArgumentError("It must be a number, such as 100.");
  return Number(value);
}

/** `sockact logs`. */
export function logsCommand(): Command {
  return new Command("logs")
    .description(
      `Show the journal of a service and of its sockets in one stream: what the app
writes, and what systemd writes about it.`,
    )
    .argument("<name>", "the service, such as shop or shop.service")
    .addOption(new Option("-f, --follow", "show new lines as they come, until Ctrl-C").conflicts("until"))
    .option("-n, --lines <number>", "show at most this many lines, the newest ones (default: 50)", lineCount)
    .option("--since <time>", 'show only newer lines: "10min ago", "today", "2026-01-31 12:30"')
    .option("--until <time>", "show only older lines")
    .option("-g, --grep <pattern>", "show only lines that match this regular expression")
    .option("-p, --priority <level>", 'show only lines of this level and above: "warning", "err"')
    .option("--json", "print each line as a JSON object")
    .option("--user", "show a service of your own service manager")
    .addHelpText(
      "after",
      `
Examples:
  sockact logs shop
  sockact logs shop --follow
  sockact logs shop --since today --grep "timeout|refused"
  sockact logs shop --since "1h ago" --json | jq -r .message

Exit codes:
  0  shown, or stopped with Ctrl-C
  1  there is no such service, or you may not read the journal
  2  the arguments are wrong`,
    )
    .action(async (name: string, options: LogsOptions) => {
      const { logs } = await import("../logs/logs.ts");
      process.exitCode = await logs(name, options);
    });
}
