// Opens a collector with the options of its argument, and prints the samples for each line that it gets, until
// the end of its input. With `ofApps`, it prints what apps have recorded of their own, too.
import { createInterface } from "node:readline";
import { AppMetrics } from "../../src/lib/metrics/app-metrics.ts";
import { openCollector } from "../../src/lib/metrics/collector.ts";
import { ServiceManager } from "../../src/lib/systemd/service-manager.ts";

const { ofApps = false, ...options } = JSON.parse(process.argv[2] ?? "{}");
const problems: string[] = [];
const apps = ofApps ? new AppMetrics((app, problem) => problems.push(`${app}: ${problem}`)) : undefined;
const collector = openCollector(new ServiceManager(), {
  version: "test",
  ...options,
  ofApps: apps,
  onProblem: ({ code }) => process.stderr.write(`${code}\n`),
});
for await (const _ of createInterface({ input: process.stdin })) {
  const samples = await collector.sample();
  process.stdout.write(`${JSON.stringify({ samples, text: apps?.text(), problems })}\n`);
}
collector.close();
