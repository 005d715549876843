import process from "node:process";
import { Command } from "commander";
import type { StatusOptions } from "../status/status.ts";

/** `sockact status`. */
export function statusCommand(): Command {
  return new Command("status")
    .description(
      `Show the services that sockets start: address, state, process, memory, clients,
restarts, the last start and how long it took, and the risk that
systemd-analyze security finds (0 is the best, 10 the worst).`,
    )
    .argument("[name]", "show everything about this service, such as shop or shop.socket")
    .option("-a, --all", "show the services of the system too")
    .option("-w, --watch", "show it again each second, until Ctrl-C")
    .option("--json", "print JSON, and with --watch one line each second")
    .option("--user", "show those of your own service manager")
    .addHelpText(
      "after",
      `
States:
  awake       it runs
  asleep      it does not run, and the next connection starts it
  starting    it is not ready yet
  restarting  it has crashed, and systemd starts it again
  draining    it finishes its open requests, and stops
  failed      it or a socket has failed
  stopped     it does not run, and no socket listens
  not loaded  systemd could not read a unit
Behind a state, drained means that sockact drain has taken the host out of its
load balancers.

Examples:
  sockact status
  sockact status shop
  sockact status --json | jq '.services[] | select(.state == "failed")'

Exit codes:
  0  shown, and with a name: it runs, or the next connection starts it
  1  there is no such service, or systemd could not be asked
  2  the arguments are wrong
  3  with a name: it has failed, is stopped or not loaded, or has crashed and is
     not ready again`,
    )
    .action(async (name: string | undefined, options: StatusOptions) => {
      const { status } = await import("../status/status.ts");
      process.exitCode = await status(name, options);
    });
}
