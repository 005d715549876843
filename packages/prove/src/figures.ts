import type { CheckId } from "./report.ts";

/** What a figure counts: requests, milliseconds, bytes, and so on. A ratio is to the app's own plain start. */
export type Unit = "count" | "ms" | "ratio" | "score" | "bytes";

/**
 * Each figure of a check, with its unit and whether less is better. The names are those of `--budget`.
 */
export const FIGURES = {
  /** From the connection to the first byte, while the app sleeps. The median. */
  wake: { unit: "ms", check: "sleep" },
  /** The wake, divided by the time of its starts without a client: see `start`. */
  wakeRatio: { unit: "ratio", check: "sleep" },
  /** The exposure of systemd-analyze security: from 0, the best, to 10. */
  score: { unit: "score", check: "exposure" },
  /** Requests that were sent during the restarts. */
  requests: { unit: "count", check: "restart" },
  /** Requests without an answer, in all checks but that of the crash. */
  lost: { unit: "count", check: "restart" },
  /** Connections that were reset. */
  resets: { unit: "count", check: "restart" },
  /** The longest time until an answer, during the restarts. */
  longest: { unit: "ms", check: "restart" },
  /** The wait for an answer once it has said that it is ready, divided by the usual wait and a start. */
  waitRatio: { unit: "ratio", check: "restart" },
  /** How often it was restarted. */
  restarts: { unit: "count", check: "restart" },
  /** Requests that were sent during the reloads or handovers. */
  reloadRequests: { unit: "count", check: "reload" },
  reloadLost: { unit: "count", check: "reload" },
  /** Connections that were reset during the reloads or handovers. */
  reloadResets: { unit: "count", check: "reload" },
  reloads: { unit: "count", check: "reload" },
  /** From the start of the service until it is ready. */
  start: { unit: "ms", check: "start" },
  /** From the signal until the last process has ended, without a request under way. */
  stop: { unit: "ms", check: "stop" },
  /** Requests that failed at `kill -9`, although they were not under way in that process. */
  crashLost: { unit: "count", check: "crash" },
  /** From `kill -9` to the next answer. */
  crashWait: { unit: "ms", check: "crash" },
  /** From the block of its event loop to its restart. */
  watchdog: { unit: "ms", check: "watchdog" },
  /** Files outside its folders that it tried to write. */
  writes: { unit: "count", check: "sandbox" },
  /** System calls and addresses that the sandbox refused. */
  refused: { unit: "count", check: "sandbox" },
  /** Descriptors more after the cycles. */
  descriptors: { unit: "count", check: "leak" },
  /** Bytes of its memory that are more after each request, without garbage. */
  heap: { unit: "bytes", check: "leak" },
  /** Lines in the journal each minute, without a request. */
  lines: { unit: "count", check: "journal" },
} as const;

/** The types of the package are made of each file alone, so `satisfies` can't be in there. */
type Checked<T extends Record<string, { readonly unit: Unit; readonly check: CheckId }>> = T;

export type Figure = keyof Checked<typeof FIGURES>;
