import process from "node:process";
import { Command, InvalidArgumentError, Option } from "commander";
import type { InstallOptions } from "../install-app/options.ts";
import { addAppOptions, addHostOption } from "./app-options.ts";

function seconds(value: string): number {
  if (!/^[1-9]\d{0,3}$/.test(value)) throw new InvalidArgumentError("It must be a number from 1 to 9999.");
  return Number(value);
}

/** `sockact install`. */
export function installCommand(): Command {
  const command = new Command("install")
    .description(
      "Install an app as a systemd service that its sockets start. Shows what it will do, asks you to confirm, and sends a test request.",
    )
    .argument(
      "[entry]",
      "the file that Node runs, such as server.js. Without it, the config of this folder is used, or else the start script",
    );
  return addHostOption(addAppOptions(command))
    .addOption(
      new Option("--proxy <name>", "the proxy that gets the site (default: the one that runs)").choices([
        "caddy",
        "nginx",
      ]),
    )
    .option("-c, --config <file>", "use this config")
    .option("--root <folder>", "write the files below this folder, and start nothing")
    .option("--no-start", "start nothing yet, for example while another process has the port")
    .option("--no-request", "send no test request")
    .option("--timeout <seconds>", "how long the test request waits for an answer (default: 60)", seconds, 60)
    .option("--dry-run", "print the files, and change nothing")
    .option("-y, --yes", "do not ask")
    .option("--force", "replace files of others, of which a backup is kept, and take their data")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
Exit codes:
  0    it is installed, and each HTTP address has answered
  1    it was not installed; or it is installed, and does not answer or is not
       ready
  2    wrong arguments
  130  you have cancelled it; nothing was changed

Examples:
  sudo sockact install server.js --name shop --listen 80
  sudo sockact install server.js --name shop --host shop.example.com
  sudo sockact install --dry-run
  sockact install --user --listen 8080`,
    )
    .action(async (entry: string | undefined, options: InstallOptions) => {
      const { installApp } = await import("../install-app/install-app.ts");
      process.exitCode = await installApp(entry, options);
    });
}
