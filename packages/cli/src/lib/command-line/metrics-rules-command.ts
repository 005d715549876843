import process from "node:process";
import { Command } from "commander";

/** `sockact metrics rules`. */
export function metricsRulesCommand(): Command {
  return new Command("rules")
    .description(
      `Print alert rules for Prometheus. Each alert names the command that looks
closer. Change thresholds in your copy of the file.`,
    )
    .addHelpText(
      "after",
      `
Examples:
  sockact metrics rules | sudo tee /etc/prometheus/sockact.yml
  sockact metrics rules | promtool check rules

Name the file in prometheus.yml, under rule_files.

Exit codes:
  0  printed
  2  the arguments are wrong`,
    )
    .action(async () => {
      const [{ print }, { rulesText }] = await Promise.all([
        import("../output/print.ts"),
        import("../metrics/rules.ts"),
      ]);
      print(rulesText());
      process.exitCode = 0;
    });
}

/** `sockact metrics dashboard`. */
export function metricsDashboardCommand(): Command {
  return new Command("dashboard")
    .description(
      `Print a dashboard for Grafana, as JSON. It asks for the data source, and shows
all hosts and apps, or those that you choose.`,
    )
    .addHelpText(
      "after",
      `
Examples:
  sockact metrics dashboard > sockact.json

In Grafana: Dashboards, New, Import.

Exit codes:
  0  printed
  2  the arguments are wrong`,
    )
    .action(async () => {
      const [{ print }, { dashboard }] = await Promise.all([
        import("../output/print.ts"),
        import("../metrics/dashboard.ts"),
      ]);
      print(`${JSON.stringify(dashboard(), undefined, 2)}\n`);
      process.exitCode = 0;
    });
}
