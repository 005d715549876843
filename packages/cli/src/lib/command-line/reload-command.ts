import { serviceCommand } from "../shared/own-command.ts";
import process from "node:process";
import { Command } from "commander";
import type { ReloadOptions } from "../change/reload.ts";

/** `sockact reload`. */
export function reloadCommand(): Command {
  return new Command("reload")
    .description(
      `Run new code by a handover, or make a running app read its settings again
(systemctl reload). It shows the lines that the app writes during the reload,
and how long the reload took.

With handover, a reload starts the version that is on disk, and the old process
hands over to the new one. The command waits until the old process has answered
its open requests and has ended, but not longer than TimeoutStopSec=. If the new
version does not become ready, the old one keeps serving. Without handover, the
app reads its settings again in onReload. An app that was installed with
--bundle is bundled first.`,
    )
    .argument("<name>", "the service, such as shop or shop.service")
    .option("--json", "print the result as JSON")
    .option("--user", "reload a service of your own service manager")
    .addHelpText(
      "after",
      `
The service needs one of these: handover: true in its config; Type=notify-reload
in the unit, and onReload in the app; or ExecReload= in the unit.
To run new code without handover, or after a change of the unit, restart it
instead: ${serviceCommand("restart", "shop", false)}

Examples:
  sudo sockact reload shop
  sockact reload shop --user

Exit codes:
  0    reloaded, or it sleeps, and the next connection starts the new version
  1    it could not reload: the old settings, or the old version, stay in use;
       or nothing serves, since it crashes or is stopped
  2    the arguments are wrong
  130  stopped with Ctrl-C; systemd, or the old process, continues`,
    )
    .action(async (name: string, options: ReloadOptions) => {
      const { reload } = await import("../change/reload.ts");
      const { redeploy } = await import("../redeploy/redeploy.ts");
      process.exitCode = await redeploy(name, options.user === true, async (bundle, isRetried) =>
        reload(name, options, bundle, isRetried),
      );
    });
}
