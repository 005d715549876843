import { startWatchdog, type Watchdog, watchdogEnabled } from "@sockact/notify";
import { afterFirstResponse } from "../shared/first-response.ts";
import { once, processState } from "../shared/process-state.ts";
import { apps, emit } from "./app.ts";
import { sendPendingReady } from "./pending-ready.ts";
import { shouldNotify } from "./service-manager.ts";
import { isStopping } from "./stopping.ts";
import { workerPool } from "./worker-pool.ts";

const state = processState("watchdog", { watchdog: undefined as Watchdog | undefined });

/** How much of the time between two reports a worker may take to say that it is healthy. */
const ANSWER_SHARE = 0.9;

/**
 * Whether the service manager waits for reports to the watchdog, and every app allows them. If a variable is
 * malformed, an `error` event reports that, and no reports are sent.
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
 * Reports to the watchdog while READY=1 waits for something, so that a service of `Type=exec` or `simple`
 * lives on: systemd expects its reports from the start of the process. Called whenever a server starts to
 * listen. An app that is not ready does not have to be healthy.
 */
export function reportWhileStarting(): void {
  once("report while starting", () =>
    afterFirstResponse(() => {
      // The reports that follow READY=1 suffice.
      if (!sendPendingReady() && !isStopping() && isWatched()) state.watchdog ??= startWatchdog();
    }),
  );
}

/** Reports to the watchdog as long as the apps are healthy. Called when READY=1 was sent. */
export function reportHealth(): void {
  stopReports();
  if (isWatched()) state.watchdog = startWatchdog({ healthCheck: isHealthy });
}

/** Ends the reports to the watchdog. */
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
  // A worker must answer before the next report is due. Otherwise that report is left out, and nothing names
  // the worker.
  if (pool) await pool.checkHealth(Math.round(((watchdogEnabled() ?? 0) / 2) * ANSWER_SHARE));
  return true;
}
