import process from "node:process";
import { Command } from "commander";
import type { UninstallOptions } from "../uninstall/uninstall.ts";

/** `sockact uninstall`. */
export function uninstallCommand(): Command {
  return new Command("uninstall")
    .description(
      "Stop a service that sockact has installed, and remove its files. Open requests are finished first.",
    )
    .argument("<name>", "the service's name, such as shop")
    .option("--user", "uninstall from your own service manager")
    .option("--root <folder>", "uninstall below this root folder, of an image or a container")
    .option("-y, --yes", "do not ask")
    .option("--dry-run", "print what would be removed, and change nothing")
    .option("--purge", "remove the service's data too, such as /var/lib/NAME")
    .addHelpText(
      "after",
      `
It removes only what sockact install has written. A file that somebody has
edited since stays, and so do your own drop-ins.

Examples:
  sudo sockact uninstall shop
  sudo sockact uninstall shop --purge --yes
  sockact uninstall shop --user

Exit codes:
  0    it was uninstalled
  1    it could not be uninstalled, or you have answered no
  2    the arguments are wrong
  130  interrupted; call it again to finish`,
    )
    .action(async (name: string, options: UninstallOptions) => {
      const { uninstall } = await import("../uninstall/uninstall.ts");
      process.exitCode = await uninstall(name, options);
    });
}
