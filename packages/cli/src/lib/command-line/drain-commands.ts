import process from "node:process";
import { Command } from "commander";
import type { DrainOptions } from "../drain/drain.ts";

/** `sockact drain`. */
export function drainCommand(): Command {
  return new Command("drain")
    .description(
      `Take services out of their load balancers, for example before a reboot. The
service answers probes with 503, so that new clients go to other hosts. It keeps
serving: open connections stay, and so does its port.

This holds for the app's own path (health), for the socket that answers
probes without the app (healthSocket), and for checkHealth(). It also holds
after a reboot, until sockact undrain.`,
    )
    .argument("<names...>", "the services, such as shop or shop.service")
    .option("--wait <duration>", "wait until no client is connected, at most this long, such as 30s")
    .option("--json", "print the result as JSON")
    .option("--user", "drain a service of your own service manager")
    .addHelpText(
      "after",
      `
With --wait, no client must have been connected for ten seconds, or for a third
of the duration if that is shorter: a load balancer needs some probes to notice.
Two short connections per second may be probes, and don't count. Connections of
a few milliseconds that the client has closed itself can be missed. A service
without a socket unit can't be counted, so this waits for the whole time.

All instances of a template are drained together.

Examples:
  sudo sockact drain shop
  sudo sockact drain shop --wait 2min && sudo reboot

Exit codes:
  0    drained, or it was already; with --wait, no client is connected any more
  1    there is no such service, the file can't be written, or clients are still
       connected after --wait
  2    the arguments are wrong
  130  stopped with Ctrl-C while it waited; the services stay drained`,
    )
    .action(async (names: string[], options: DrainOptions) => {
      const { drain } = await import("../drain/drain.ts");
      process.exitCode = await drain(names, options);
    });
}

/** `sockact undrain`. */
export function undrainCommand(): Command {
  return new Command("undrain")
    .description(
      `Put services back into their load balancers after sockact drain. They answer
probes with 200 again.`,
    )
    .argument("<names...>", "the services, such as shop or shop.service")
    .option("--json", "print the result as JSON")
    .option("--user", "put back a service of your own service manager")
    .addHelpText(
      "after",
      `
Examples:
  sudo sockact undrain shop

Exit codes:
  0  no longer drained, or it was not
  1  there is no such service, or the file can't be removed
  2  the arguments are wrong`,
    )
    .action(async (names: string[], options: DrainOptions) => {
      const { undrain } = await import("../drain/drain.ts");
      process.exitCode = await undrain(names, options);
    });
}
