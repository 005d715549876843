import { METRICS } from "@sockact/shared/records";
import type { JournalFields } from "../systemd/journal.ts";

/** What a process has recorded with `recordMetrics()`. */
export interface MetricsRecord {
  /** Its service. */
  unit: string;
  /** Identifies the process: the unit, the run of the unit, and the PID. */
  process: string;
  /** Prometheus' text format, or anything else: an app may be hostile. */
  text: string;
  /** In seconds since 1970. */
  time: number;
}

/**
 * The record in an entry of the journal. journald adds the unit itself, so an app can't write as another one.
 */
export function metricsRecord(fields: JournalFields): MetricsRecord | undefined {
  const { [METRICS]: text, _SYSTEMD_UNIT: unit } = fields;
  if (typeof text !== "string" || typeof unit !== "string" || !unit.endsWith(".service")) return undefined;
  return {
    unit,
    process: `${unit} ${String(fields["_SYSTEMD_INVOCATION_ID"])} ${String(fields["_PID"])}`,
    text,
    time: Number(fields["__REALTIME_TIMESTAMP"]) / 1e6,
  };
}

/** The most processes of a service whose records wait. With Accept=yes, each connection has one. */
const PROCESSES_MAX = 256;
/** The most characters of the records of a service that wait. One may have about 200,000. */
const LENGTH_MAX = 1_000_000;

export interface TakenRecords {
  /** The oldest one of each service first. */
  records: readonly MetricsRecord[];
  /** How many were too many, by service. */
  dropped: ReadonlyMap<string, number>;
}

/** The template, if the unit is that of a connection, such as `shop@12-4711-1000.service`. */
const serviceOf = (unit: string): string => unit.replace(/@\d+-.*(?=\.service$)/s, "@");

/**
 * Records that wait for the next sample: the newest one of each process, because it has all that earlier ones
 * have said. So an app that records all the time fills no memory, and is parsed once for a sample.
 */
export class WaitingRecords {
  #records = new Map<string, Map<string, MetricsRecord>>();
  #dropped = new Map<string, number>();

  add(record: MetricsRecord): void {
    const { process } = record;
    const unit = serviceOf(record.unit);
    const own = this.#records.get(unit) ?? new Map<string, MetricsRecord>();
    this.#records.set(unit, own);
    // The newest one is the last one.
    own.delete(process);
    own.set(process, record);
    let length = 0;
    for (const { text } of own.values()) length += text.length;
    for (const [oldest, { text }] of own) {
      if (own.size <= PROCESSES_MAX && length <= LENGTH_MAX) break;
      length -= text.length;
      own.delete(oldest);
      this.#dropped.set(unit, (this.#dropped.get(unit) ?? 0) + 1);
    }
  }

  /** Returns the records, and forgets them. */
  take(): TakenRecords {
    const taken = {
      records: [...this.#records.values()].flatMap((own) => [...own.values()]),
      dropped: this.#dropped,
    };
    this.#records = new Map();
    this.#dropped = new Map();
    return taken;
  }
}
