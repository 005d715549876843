import { startWatchdog, type Watchdog, watchdogEnabled } from "@sockact/notify";
import { afterFirstResponse } from "../shared/first-response.ts";
import { once, processState } from "../shared/process-state.ts";
import { apps, emit } from "./app.ts";
import { sendPendingReady } from "./pending-ready.ts";
import { shouldNotify } from "./service-manager.ts";
import { isStopping } from "./stopping.ts";
import { workerPool } from "./worker-pool.ts";

const state = processState("watchdog", { watchdog: undefined as Watchdog | undefined });

/** The share of the time between two pings in which a worker must answer. */
const ANSWER_SHARE = 0.9;

/**
 * Whether the service manager expects watchdog pings, and every app allows them. If a variable is malformed,
 * an `error` event reports that, and no pings are sent.
 */
export function isWatched(): boolean {
  if (!shouldNotify() || !apps.every(({ settings }) => settings.watchdog)) return false;
  try {
    return watchdogEnabled() !== undefined;
  } catch (error) {
    once("report the variables of the watchdog", () => emit({ type: "error", error }));
    return false;
  }
}

/**
 * Sends watchdog pings while READY=1 is pending, for a service of `Type=exec` or `simple`: systemd expects
 * them from the start of the process. Called whenever a server starts to listen. An app that is not ready
 * does not have to be healthy.
 */
export function reportWhileStarting(): void {
  once("report while starting", () =>
    afterFirstResponse(() => {
      // The pings after READY=1 are enough.
      if (!sendPendingReady() && !isStopping() && isWatched()) state.watchdog ??= startWatchdog();
    }),
  );
}

/** Sends watchdog pings while the apps are healthy. Called after READY=1. */
export function reportHealth(): void {
  stopReports();
  if (isWatched()) state.watchdog = startWatchdog({ healthCheck: isHealthy });
}

/** Stops the watchdog pings. */
export function stopReports(): void {
  state.watchdog?.stop();
}

/**
 * Whether the `healthCheck` of each app, and of each worker of a cluster, has succeeded. Rejects if one
 * rejects.
 */
export async function isHealthy(): Promise<boolean> {
  for (const { settings } of apps) if ((await settings.healthCheck?.()) === false) return false;
  const pool = workerPool();
  // A worker must answer before the next ping is due. Otherwise the ping is skipped, and nothing names the
  // worker.
  if (pool) await pool.checkHealth(Math.round(((watchdogEnabled() ?? 0) / 2) * ANSWER_SHARE));
  return true;
}
