import { startWatchdog, type Watchdog, watchdogEnabled } from "@sockact/notify";
import { afterFirstResponse } from "../shared/first-response.ts";
import { once, processState } from "../shared/process-state.ts";
import { apps, emit } from "./app.ts";
import { sendPendingReady } from "./pending-ready.ts";
import { shouldNotify } from "./service-manager.ts";
import { isStopping } from "./stopping.ts";

const state = processState("watchdog", { watchdog: undefined as Watchdog | undefined });

/**
 * Whether the service manager waits for reports to the watchdog, and every app allows them. If a variable is malformed, an `error` event reports that, and no
 * reports are sent.
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
 * Reports to the watchdog while READY=1 waits for something, so that a service of `Type=exec` or `simple` lives on: systemd expects its reports from the start of
 * the process. Called whenever a server starts to listen. An app that is not ready does not have to be healthy.
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

async function isHealthy(): Promise<boolean> {
  for (const { settings } of apps) if ((await settings.healthCheck?.()) === false) return false;
  return true;
}
