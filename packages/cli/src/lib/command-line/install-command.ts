import process from "node:process";
import { Command, InvalidArgumentError, Option } from "commander";
import type { InstallOptions } from "../install-app/options.ts";

const collect = (value: string, earlier: string[] | undefined): string[] => [...(earlier ?? []), value];

function seconds(value: string): number {
  if (!/^[1-9]\d{0,3}$/.test(value)) throw new InvalidArgumentError("It must be a number from 1 to 9999.");
  return Number(value);
}

/** `sockact install`. */
export function installCommand(): Command {
  return (
    new Command("install")
      .description(
        "Install an app as a systemd service that its sockets start. Shows what it will do, asks, and makes a test request.",
      )
      .usage("[options] [ENTRY]")
      .argument(
        "[entry]",
        "the file that Node runs, such as server.js. Without it, the config of this folder is used, or else the start script",
      )
      .option("-n, --name <name>", "the name of the service (default: that of the package)")
      .option(
        "-l, --listen <address>",
        "listen on this address: 80, 127.0.0.1:3000 or /run/app.sock. May be repeated (default: the port of the app)",
        collect,
      )
      .option("--config <file>", "use this config")
      .option("--user", "install it for your own service manager, without root")
      .option("--root <folder>", "write the files below this folder, and start nothing")
      .option("--run-as <user>", "run it as this user, and not as one that exists only while it runs")
      .addOption(
        new Option("--hardening <profile>", "how much of a sandbox it gets (default: outbound)").choices([
          "inbound",
          "outbound",
          "none",
        ]),
      )
      // Node 20 takes an --env-file for itself wherever it is.
      .option(
        "--environment-file <file>",
        "a file of variables, which systemd reads as root. May be repeated",
        collect,
      )
      .option("--idle <duration>", "let it sleep after this time without a connection, such as 10min")
      .option("--node <path>", "run this Node (default: the one that runs sockact)")
      .option("--no-preload", "do not load @sockact/register into an app that has no line of sockact")
      .option("--no-request", "make no test request")
      .option(
        "--timeout <seconds>",
        "how long the test request waits for an answer (default: 60)",
        seconds,
        60,
      )
      .option("--dry-run", "print the files, and change nothing")
      .option("-y, --yes", "do not ask")
      .option("--force", "replace files that others have written. A backup is kept")
      .option("--json", "print the result as JSON")
      .helpOption("-h, --help", "print this help")
      .configureHelp({ optionDescription: ({ description }) => description })
      .addHelpText(
        "after",
        `
Exit codes:
  0    it is installed, and what answers by HTTP has answered
  1    it was not installed; or it is installed, and does not answer
  2    wrong arguments
  130  you have cancelled it; nothing was changed

Examples:
  sudo npx sockact install server.js --name shop --listen 80
  sudo npx sockact install --dry-run
  npx sockact install --user --listen 8080

If sudo does not find npx: sudo env "PATH=$PATH" npx sockact install …`,
      )
      .action(async (entry: string | undefined, options: InstallOptions) => {
        const { installApp } = await import("../install-app/install-app.ts");
        process.exitCode = await installApp(entry, options);
      })
  );
}
