// Opens a collector with the options of its argument, and prints the samples for each line that it gets, until
// the end of its input.
import { createInterface } from "node:readline";
import { openCollector } from "../../src/lib/metrics/collector.ts";
import { ServiceManager } from "../../src/lib/systemd/service-manager.ts";

const collector = openCollector(new ServiceManager(), {
  version: "test",
  ...JSON.parse(process.argv[2] ?? "{}"),
  onProblem: ({ code }) => process.stderr.write(`${code}\n`),
});
for await (const _ of createInterface({ input: process.stdin }))
  process.stdout.write(`${JSON.stringify(await collector.sample())}\n`);
collector.close();
