import process from "node:process";
import { Command } from "commander";
import type { MetricsOptions } from "../metrics/metrics.ts";
import { metricsInstallCommand } from "./metrics-install-command.ts";
import { metricsDashboardCommand, metricsRulesCommand } from "./metrics-rules-command.ts";

/** `sockact metrics`. */
export function metricsCommand(): Command {
  return (
    new Command("metrics")
      .description(
        `Print what an operator watches, in the text format of Prometheus: the state of
each service that sockets start, its starts, wakes, restarts, reloads and
crashes, its clients, memory and processor time. It wakes no service, and asks
none: systemd, the kernel and the journal know.`,
      )
      .argument("[names...]", "only these services, such as shop or shop.service")
      .option("-a, --all", "print the services of the system too")
      .option("--json", "print JSON")
      .option("--user", "print those of your own service manager")
      .addHelpText(
        "after",
        `
Counters begin with the boot, or where the journal begins. A user who may not
read the journal gets no counters.

A service with the name of a command, such as install, needs its suffix:
install.service.

Examples:
  sockact metrics
  sockact metrics shop
  sockact metrics --json | jq -r '.metrics[].name'

Exit codes:
  0  printed
  1  there is no such service, or systemd could not be asked
  2  the arguments are wrong`,
      )
      // Options after a subcommand belong to it.
      .enablePositionalOptions()
      .helpCommand(false)
      .addCommand(metricsInstallCommand())
      .addCommand(metricsRulesCommand())
      .addCommand(metricsDashboardCommand())
      .action(async (names: string[], options: MetricsOptions, { commands }: Command) => {
        const { printMetrics } = await import("../metrics/metrics.ts");
        process.exitCode = await printMetrics(
          names,
          options,
          commands.map((command) => command.name()),
        );
      })
  );
}
