// The endpoint of `sockact metrics install` as one file, which the installer copies to a folder of the service.
// With the argument `textfile`, it writes the metrics to standard output once.
import { fstatSync, fsyncSync, ftruncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { listen } from "@sockact/core";
import manifest from "../../package.json" with { type: "json" };
import { openAppMetrics } from "../lib/metrics/app-metrics.ts";
import { type Collector, openCollector } from "../lib/metrics/collector.ts";
import { createEndpoint } from "../lib/metrics/endpoint.ts";
import { expositionText } from "../lib/metrics/exposition.ts";
import { metricsManager } from "../lib/metrics/metrics-manager.ts";
import { CliError } from "../lib/shared/cli-error.ts";

const { STATE_DIRECTORY } = process.env;
const inState = (name: string) => STATE_DIRECTORY && { state: join(STATE_DIRECTORY, name) };
const open = async (follow: boolean): Promise<Collector> =>
  openCollector(metricsManager(), {
    follow,
    version: manifest.version,
    onProblem: report,
    ...inState("counters.json"),
  });

/** `<3>` is the priority, see sd-daemon(3). */
const report = ({ code, message, hint }: CliError): void =>
  void process.stderr.write(`<3>${code}: ${[message, hint].join("\n").replaceAll("\n", "\n<3>")}\n`);

const onProblem = (app: string, problem: string): void =>
  void process.stderr.write(`<4>The metrics that ${app} has recorded are left out: ${problem}\n`);

async function serve(): Promise<void> {
  let collector: Promise<Collector> | undefined;
  const apps = openAppMetrics(metricsManager(), { ...inState("apps.json"), onProblem });
  const readText = async () => {
    collector ??= open(true);
    const opened = collector;
    opened.catch(() => (collector = undefined));
    const { sample, takeNewMetrics } = await opened;
    const samples = await sample();
    return expositionText([...samples, ...(await apps.read(samples, takeNewMetrics()))]) + apps.text();
  };
  const server = createEndpoint(readText, report);
  const { activated } = await listen(server, {
    port: 9464,
    host: "127.0.0.1",
    onStop: async () => {
      apps.close();
      await (await collector)?.close();
    },
  });
  if (!activated) process.stderr.write("http://127.0.0.1:9464/metrics\n");
}

/** Standard output is a file that systemd has opened. It may have the values of an earlier call. */
async function writeOnce(): Promise<void> {
  const collector = await open(false);
  try {
    const text = expositionText(await collector.sample());
    if (!fstatSync(1).isFile()) return void process.stdout.write(text);
    ftruncateSync(1, 0);
    writeFileSync(1, text);
    fsyncSync(1);
  } finally {
    await collector.close();
  }
}

(process.argv[2] === "textfile" ? writeOnce() : serve()).catch((error: unknown) => {
  if (!(error instanceof CliError)) throw error;
  report(error);
  process.exitCode = 1;
});
