import { performance } from "node:perf_hooks";
import type { CliError } from "../shared/cli-error.ts";
import { ownVersion } from "../shared/own-version.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import type { AppMetrics } from "./app-metrics.ts";
import { appSamples } from "./app-samples.ts";
import type { Sample } from "./catalog.ts";
import { certificatesOf, type Expiries } from "./certificates.ts";
import { Counting } from "./counting.ts";
import { countersOf } from "./counters.ts";
import { currentApps } from "./known-apps.ts";
import { KnownUnits } from "./known-units.ts";
import { monotonicTime } from "./monotonic-time.ts";

export interface CollectorOptions {
  /** Whether to follow the journal between samples, which makes a sample cheap. */
  follow?: boolean | undefined;
  /** With `follow`, how long an answer of systemd counts, in milliseconds. */
  trust?: number | undefined;
  /** The file that keeps the counters. */
  state?: string | undefined;
  /** Whether to include the services of the distribution. */
  all?: boolean | undefined;
  /** The version of sockact. By default, it is read from the package. */
  version?: string | undefined;
  /** Is called with a problem that leaves values out, when it begins. By default, it is not shown. */
  onProblem?: ((problem: CliError) => void) | undefined;
  /** Returns when certificates expire. By default, the files are read, and the proxy is asked, each time. */
  expiries?: (() => Expiries) | undefined;
  /** Gets what apps have recorded of their own. By default, it is not read. */
  ofApps?: AppMetrics | undefined;
}

/** Reads the values of all metrics. */
export interface Collector {
  /** The current values. */
  sample(): Promise<Sample[]>;
  /** Ends what follows the journal, and writes the counters to the file. */
  close(): void;
}

/** Opens a collector of the metrics of a service manager's units. */
export function openCollector(
  manager: ServiceManager,
  {
    follow = false,
    trust,
    state,
    all = false,
    version = ownVersion(),
    onProblem,
    expiries,
    ofApps,
  }: CollectorOptions = {},
): Collector {
  const units = new KnownUnits(manager, { all, follow, trust });
  const counting = new Counting(manager, { follow, state, onProblem, ofApps });

  async function values(): Promise<Sample[]> {
    const began = performance.now();
    await units.discover();
    await counting.read(units);
    const known = await units.ask();
    const certificates = expiries?.() ?? (await certificatesOf(known, manager.user));
    const current = currentApps(known, manager.user);
    const counters = counting.reconciled(current, monotonicTime());
    return [
      ...current.flatMap((app) => appSamples(app, counters && countersOf(counters, app.service.name))),
      ...current.flatMap(({ service: { name: app } }) =>
        Object.entries(Object.hasOwn(certificates, app) ? certificates[app]! : {}).map(
          ([certificate, seconds]): Sample => ({
            metric: "sockact_certificate_expiry_timestamp_seconds",
            labels: { app, certificate },
            value: seconds,
          }),
        ),
      ),
      ...(ofApps?.samples() ?? []),
      ...(counters === undefined
        ? []
        : [value("sockact_counters_created_timestamp_seconds", counters.created / 1000)]),
      value("sockact_collect_duration_seconds", (performance.now() - began) / 1000),
      { metric: "sockact_build_info", labels: { version }, value: 1 },
    ];
  }

  // One at a time: each one changes what the next one knows.
  let last: Promise<unknown> = Promise.resolve();
  return {
    async sample() {
      const sampled = last.then(values);
      last = sampled.catch(() => units.forget());
      return sampled;
    },
    close: () => counting.close(),
  };
}

const value = (metric: Sample["metric"], number: number): Sample => ({ metric, labels: {}, value: number });
