import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { EVENT, METRICS } from "@sockact/shared/records";
import { type JournalFields, readFields } from "../systemd/journal.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import { appRecord, AppValues, type SavedAppValues } from "./app-values.ts";
import type { Sample } from "./catalog.ts";

export interface AppMetricsOptions {
  /** The file that keeps the values. */
  state?: string | undefined;
  /** Called when an app has recorded what is not valid, once for each reason. */
  onProblem?: (app: string, problem: string) => void;
}

/** The metrics that apps have recorded with `recordMetrics()`. */
export interface AppMetrics {
  /**
   * Reads what is new in the journal, and returns when each app has recorded its metrics.
   *
   * @param samples the samples of the collector, which name the apps and their services
   * @param isNew whether there may be something new. Otherwise the journal is not read.
   */
  read(samples: readonly Sample[], isNew?: boolean): Promise<Sample[]>;
  /** All metrics of apps in Prometheus' text format. */
  text(): string;
  /** Writes the file that keeps the values. */
  close(): void;
}

/** How many of the newest records are read without a file that keeps the values. */
const FIRST_LINES = 100;
/** The most records that journalctl prints at a time. They may be long. */
const LINES_MAX = 20;
/** For how long one call reads records, in milliseconds. The next call reads the others. */
const READ_TIME = 1000;
/** How often the file is written, in milliseconds. It may be long. */
const SAVE_INTERVAL = 5 * 60_000;

interface State {
  cursor?: string;
  values?: SavedAppValues;
}

/** Opens the metrics that apps have recorded in the journal. */
export function openAppMetrics(
  manager: ServiceManager,
  { state: file, onProblem }: AppMetricsOptions = {},
): AppMetrics {
  const state = readState(file);
  const values = new AppValues(state.values);
  const problems = new Map<string, string>();
  let { cursor } = state;
  let savedAt = Date.now();
  /** Whether the last call has left records for the next one. */
  let isBehind = false;

  function save(): void {
    savedAt = Date.now();
    if (file !== undefined)
      writeState(file, { ...(cursor !== undefined && { cursor }), values: values.save() });
  }

  function add(fields: JournalFields, services: ReadonlyMap<string, string>): void {
    const record = appRecord(fields, (service) => services.get(service) ?? services.get(pattern(service)));
    if (record === undefined) return;
    const problem = values.add(record);
    if (problem !== undefined && problems.get(record.app) !== problem) onProblem?.(record.app, problem);
    if (problem === undefined) problems.delete(record.app);
    else problems.set(record.app, problem);
  }

  /** Reads the next records, and returns how many there were. */
  async function readNext(services: ReadonlyMap<string, string>): Promise<number> {
    const { found } = await readFields(manager, [
      `--output-fields=${METRICS},_PID,_SYSTEMD_UNIT,_SYSTEMD_INVOCATION_ID`,
      `--lines=${cursor === undefined ? FIRST_LINES : LINES_MAX}`,
      ...(cursor === undefined ? [] : [`--after-cursor=${cursor}`]),
      ...[...services.keys()].map((service) => `--unit=${service}`),
      `${EVENT}=metrics`,
    ]);
    for (const fields of found) {
      add(fields, services);
      if (typeof fields["__CURSOR"] === "string") cursor = fields["__CURSOR"];
    }
    return found.length;
  }

  return {
    async read(samples, isNew = true) {
      const services = servicesIn(samples);
      values.keepOnly(new Set(services.values()));
      if (services.size === 0) return [];
      const until = performance.now() + READ_TIME;
      // One app may record more than all others. They must not wait for many scrapes.
      for (isBehind ||= isNew; isBehind && performance.now() < until;)
        isBehind = (await readNext(services)) >= LINES_MAX;
      if (Date.now() - savedAt > SAVE_INTERVAL) save();
      return values.samples();
    },
    text: () => values.text(),
    close: save,
  };
}

/** The apps by their service. The instances of one app have a pattern. */
function servicesIn(samples: readonly Sample[]): Map<string, string> {
  const apps = samples.filter(({ metric }) => metric === "sockact_app_info");
  return new Map(
    apps.map(({ labels: { app = "", unit = "", kind } }) => [kind === "single" ? unit : pattern(unit), app]),
  );
}

/** `shop@*.service` for `shop@blue.service` and `shop@.service`. */
const pattern = (service: string): string => service.replace(/@[^.]*\./, "@*.");

/** Without a file that can be read, the values begin with the newest records in the journal. */
function readState(file: string | undefined): State {
  try {
    return file === undefined ? {} : (JSON.parse(readFileSync(file, "utf8")) as State);
  } catch {
    return {};
  }
}

function writeState(file: string, state: State): void {
  try {
    writeFileSync(`${file}.new`, JSON.stringify(state));
    renameSync(`${file}.new`, file);
  } catch {
    // The disk may be full. The next process reads the journal from the place in the old file.
  }
}
