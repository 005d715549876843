import process from "node:process";
import { Command } from "commander";
import type { RestartOptions } from "../change/restart.ts";

/** `sockact restart`. */
export function restartCommand(): Command {
  return new Command("restart")
    .description(
      `Restart a service, so that it runs the code on disk. Its sockets stay open.

A rolling pair (rolling: true) starts its other instance, and stops the old one
when the new one is ready: no client waits. If the new one does not become
ready, it is stopped again, and the old one keeps serving.

Any other service answers its open requests, exits, and starts again. Clients
that connect in the meantime wait. If the new process does not start, no version
serves until you correct the app, or put its earlier version back. A service
that sleeps stays asleep. A service that has failed is started, and its sockets
are opened again. So is a socket whose addresses have changed in its unit.

An app that was installed with --bundle is bundled first. If it does not start,
the bundle of the earlier version comes back.`,
    )
    .argument("<name>", "the service, such as shop or shop.service")
    .option(
      "--no-wait",
      "do not wait until the service runs. With a rolling pair, wait for the new instance, but not for the end of the old one",
    )
    .option("--json", "print the result as JSON")
    .option("--user", "restart a service of your own service manager")
    .addHelpText(
      "after",
      `
With handover, sockact reload runs new code too, and no client waits.

Examples:
  sudo sockact restart shop
  sockact restart shop --user

Exit codes:
  0    the new version serves; or the app sleeps, and its next start is the
       first of the new version
  1    it did not start, or is stopped; the message says what serves now
  2    the arguments are wrong
  130  stopped with Ctrl-C; the message says what is left`,
    )
    .action(async (name: string, options: RestartOptions) => {
      const { restart } = await import("../change/restart.ts");
      const { redeploy } = await import("../redeploy/redeploy.ts");
      process.exitCode = await redeploy(name, options.user === true, async (bundle) =>
        restart(name, options, bundle),
      );
    });
}
