import { BUCKETS } from "./catalog.ts";

/** How often something took how long. */
export interface Histogram {
  /** How many took at most as long as the bound of the same index in `BUCKETS`, and longer than the one before. */
  counts: number[];
  /** All together, in seconds. */
  sum: number;
  count: number;
}

/** A run of a service unit, from its start until it has ended. */
export interface Run {
  invocation: string;
  /** When it was started, in microseconds of the monotonic clock. */
  began: number;
  isReady: boolean;
  /** Whether somebody has requested its stop. */
  isStopping: boolean;
  isWake: boolean;
  /** The processor time so far, in microseconds. */
  cpu: number;
}

const names = [
  "starts",
  "wakes",
  "failedStarts",
  "crashes",
  "restartsByFailure",
  "restartsByRequest",
  "reloads",
  "failedReloads",
  "handovers",
  "failedHandovers",
  "moved",
  "cut",
  "rejected",
] as const;

/** What the journal has said about an app since the counters count. */
export interface AppCounters {
  counts: Record<(typeof names)[number], number>;
  wakes: Histogram;
  reloads: Histogram;
  handovers: Histogram;
  /** How long the app has been asleep, without the current sleep, in microseconds. */
  asleep: number;
  /** The same with the current sleep, as it was last shown. */
  asleepShown: number;
  /** The processor time of the runs that have ended, in microseconds. */
  cpu: number;
  /** The processor time of the last runs, by `InvocationID`. */
  ended: Record<string, number>;
  /** What follows is true for one boot. */
  now: Now;
}

interface Now {
  /** The runs, by their unit. */
  runs: Record<string, Run>;
  /** What will start these units again. */
  restarts: Record<string, "failure" | "request">;
  /** The units that have failed. */
  failed: Record<string, true>;
  /** Whether these socket units listen, and the last job that has started them. */
  sockets: Record<string, { listens: boolean; job: number }>;
  /** Since when the app has been asleep, in microseconds of the monotonic clock. */
  asleepSince: number | null;
  /** The last answer to a health probe. */
  isHealthy: boolean | null;
}

const noHistogram = (): Histogram => ({ counts: BUCKETS.map(() => 0), sum: 0, count: 0 });

/** Nothing is known about the units at the beginning of a boot. */
export const atBoot = (): Now => ({
  runs: {},
  restarts: {},
  failed: {},
  sockets: {},
  asleepSince: null,
  isHealthy: null,
});

export const noCounters = (): AppCounters => ({
  counts: Object.fromEntries(names.map((name) => [name, 0])) as AppCounters["counts"],
  wakes: noHistogram(),
  reloads: noHistogram(),
  handovers: noHistogram(),
  asleep: 0,
  asleepShown: 0,
  cpu: 0,
  ended: {},
  now: atBoot(),
});

/** The histogram with one more duration, in microseconds. */
export function withDuration({ counts, sum, count }: Histogram, duration: number): Histogram {
  const seconds = duration / 1e6;
  const index = BUCKETS.findIndex((bound) => seconds <= bound);
  return {
    counts: counts.map((value, at) => (at === index ? value + 1 : value)),
    sum: sum + seconds,
    count: count + 1,
  };
}
