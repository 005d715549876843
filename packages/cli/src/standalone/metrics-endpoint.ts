// The endpoint of `sockact metrics install` as one file, which the installer copies to a folder of the service.
// The preload beside it passes it the socket, and lets it sleep. With the argument `textfile`, it writes the
// metrics to standard output once. With `certificates`, it writes when certificates expire.
import { fstatSync, fsyncSync, ftruncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import manifest from "../../package.json" with { type: "json" };
import { AppMetrics } from "../lib/metrics/app-metrics.ts";
import { type Collector, type CollectorOptions, openCollector } from "../lib/metrics/collector.ts";
import { certificatesFile } from "../lib/metrics/certificates-file.ts";
import { certificatesOf } from "../lib/metrics/certificates.ts";
import { createEndpoint, PORT } from "../lib/metrics/endpoint.ts";
import { expositionText } from "../lib/metrics/exposition.ts";
import { KnownUnits } from "../lib/metrics/known-units.ts";
import { metricsManager } from "../lib/metrics/metrics-manager.ts";
import { CliError } from "../lib/shared/cli-error.ts";

const { STATE_DIRECTORY } = process.env;
const open = (options: CollectorOptions): Collector =>
  openCollector(metricsManager(), {
    version: manifest.version,
    onProblem: report,
    expiries: certificatesFile(),
    state: STATE_DIRECTORY && join(STATE_DIRECTORY, "counters.json"),
    ...options,
  });

/** `<3>` is the priority, see sd-daemon(3). */
const report = ({ code, message, hint }: CliError): void =>
  void process.stderr.write(`<3>${code}: ${[message, hint].join("\n").replaceAll("\n", "\n<3>")}\n`);

const onProblem = (app: string, problem: string): void =>
  void process.stderr.write(`<4>The metrics that ${app} has recorded are left out: ${problem}\n`);

function serve(): void {
  const ofApps = new AppMetrics(onProblem);
  const collector = open({ follow: true, ofApps });
  const readText = async () => expositionText(await collector.sample()) + ofApps.text();
  // The preload ends the process when it is idle, or systemd stops it.
  process.once("exit", () => collector.close());
  createEndpoint(readText, report).listen(PORT, "127.0.0.1");
}

/** Standard output is a file that systemd has opened. It may have the values of an earlier call. */
function writeOver(text: string): void {
  if (!fstatSync(1).isFile()) return void process.stdout.write(text);
  ftruncateSync(1, 0);
  writeFileSync(1, text);
  fsyncSync(1);
}

const programs: Readonly<Record<string, () => Promise<string>>> = {
  async textfile() {
    const collector = open({});
    try {
      return expositionText(await collector.sample());
    } finally {
      collector.close();
    }
  },
  async certificates() {
    const manager = metricsManager();
    const units = new KnownUnits(manager, { all: false, follow: false });
    await units.discover();
    return JSON.stringify(await certificatesOf(await units.ask(), manager.user));
  },
};

const program = programs[process.argv[2] ?? ""];
if (program === undefined) serve();
else
  program().then(writeOver, (error: unknown) => {
    if (!(error instanceof CliError)) throw error;
    report(error);
    process.exitCode = 1;
  });
