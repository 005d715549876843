import cluster from "node:cluster";
import { startWatchdog, watchdogEnabled } from "@sockact/notify";
import { sendToPrimary } from "../shared/cluster-channel.ts";
import { activation, knownSockets } from "../activation/activation.ts";
import { isServerExpected, onStartTimeOver } from "../activation/unserved.ts";
import { once } from "../shared/process-state.ts";
import { emit, lifecycle } from "./app.ts";
import { startIdleTimer } from "./idle.ts";
import { shouldNotify, notifyServiceManager } from "./service-manager.ts";

/**
 * Sends READY=1 once every socket of the unit has its server, and every `ready` of an app is fulfilled. A socket that nothing serves
 * delays it only until the warning about it. Called whenever that may have changed.
 */
export function checkReadiness(): void {
  const { result } = activation;
  if (lifecycle.ready !== undefined || result === undefined || "error" in result) return;
  if (isServerExpected()) {
    once("check readiness when the start is over", () => onStartTimeOver(checkReadiness));
    return;
  }
  if (!lifecycle.apps.some(({ drains }) => drains.size > 0) && lifecycle.workers?.haveServed !== true) return;
  lifecycle.ready = Promise.all(lifecycle.apps.map(async (app) => app.ready)).then(sendReady, () => {
    // The server's `error` event has told.
  });
}

async function sendReady(): Promise<void> {
  if (lifecycle.stopping !== undefined) return;
  lifecycle.isReady = true;
  const pings =
    shouldNotify() && lifecycle.apps.every(({ settings }) => settings.watchdog) && isWatchdogEnabled();
  const notified = await notifyServiceManager(`READY=1\nSTATUS=${statusText()}`);
  emit({ type: "ready", notified: notified === true, ...(notified === undefined && { failed: true }) });
  if (cluster.isWorker) sendToPrimary({ act: "ready" });
  if (pings) startWatchdog({ healthCheck: isHealthy });
  startIdleTimer();
}

/** Whether the service manager waits for pings. A malformed variable is an `error` event, and nothing pings. */
function isWatchdogEnabled(): boolean {
  try {
    return watchdogEnabled() !== undefined;
  } catch (error) {
    emit({ type: "error", error });
    return false;
  }
}

/** What `systemctl status` shows. */
export function statusText(): string {
  const taken = knownSockets()
    .filter((passedSocket) => passedSocket.claimed)
    .map(({ socket }) => socket.address ?? socket.name);
  return taken.length > 0 ? `Serving ${taken.join(", ")}` : "Serving";
}

async function isHealthy(): Promise<boolean> {
  for (const { settings } of lifecycle.apps) if ((await settings.healthCheck?.()) === false) return false;
  return true;
}
