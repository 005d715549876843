import process from "node:process";
import { Command } from "commander";
import type { MetricsInstallOptions } from "../metrics/install-metrics.ts";
import { collect } from "./option-values.ts";

/** `sockact metrics install`. */
export function metricsInstallCommand(): Command {
  return new Command("install")
    .description(
      "Install an endpoint that Prometheus scrapes, or a timer that writes a file for its node_exporter. The name of the service is sockact-metrics.",
    )
    .option(
      "-l, --listen <address>",
      "where the endpoint listens (default: 127.0.0.1:9464). May be repeated",
      collect,
    )
    .option("--group <name>", "the group that may connect to a unix socket")
    .option(
      "--idle-timeout <duration>",
      "how long after the last scrape the endpoint falls asleep (default: 2min)",
    )
    .option("--textfile <file>", "write this file instead: an absolute path that ends with .prom")
    .option("--every <duration>", "how often to write the file (default: 30s)")
    .option("--run-as <user>", "an existing user (default: sockact-metrics, which is created)")
    .option("--node <path>", "the Node that runs it (default: this one)")
    .option("--dry-run", "print the files, and change nothing")
    .option("-y, --yes", "do not ask")
    .option("--force", "replace files of others, of which a backup is kept")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
It runs without root, and sleeps and wakes as every app of sockact. After an
upgrade of sockact, install it again. sockact uninstall sockact-metrics removes
it. Its user stays.

Examples:
  sudo sockact metrics install
  sudo sockact metrics install --listen 10.0.0.5:9464
  sudo sockact metrics install --textfile /var/lib/prometheus/node-exporter/sockact.prom

Exit codes:
  0    it is installed
  1    it was not installed; or it is installed, and does not answer
  2    wrong arguments
  130  you have cancelled it; nothing was changed`,
    )
    .action(async (options: MetricsInstallOptions) => {
      const { installMetrics } = await import("../metrics/install-metrics.ts");
      process.exitCode = await installMetrics(options);
    });
}
