import cluster from "node:cluster";
import { startWatchdog, watchdogEnabled } from "@sockact/notify";
import { tellPrimary } from "../cluster/messages.ts";
import { isWaitedFor } from "../passed-socket.ts";
import { activation, passedSoFar } from "../activation.ts";
import { emit, lifecycle } from "./apps.ts";
import { armIdle } from "./idle.ts";
import { isNotifying, tellManager } from "./manager.ts";

/**
 * Sends READY=1 once every socket of the unit has its server, and every `ready` of an app is fulfilled. A socket that nothing serves
 * delays it only until the warning about it. Called whenever that may have changed.
 */
export function tellWhenReady(): void {
  const { result } = activation;
  if (lifecycle.ready !== undefined || result === undefined || "error" in result) return;
  if (!activation.untakenReported && result.passed.some(isWaitedFor)) return;
  if (!lifecycle.apps.some(({ drains }) => drains.size > 0) && lifecycle.workers?.haveServed !== true) return;
  lifecycle.ready = Promise.all(lifecycle.apps.map(async (app) => app.ready)).then(tell, () => {
    // The server's `error` event has told.
  });
}

async function tell(): Promise<void> {
  if (lifecycle.stopping !== undefined) return;
  lifecycle.isReady = true;
  const pings =
    isNotifying() && lifecycle.apps.every(({ settings }) => settings.watchdog) && isWatchdogEnabled();
  const notified = await tellManager(`READY=1\nSTATUS=${servingText()}`);
  emit({ type: "ready", notified: notified === true, ...(notified === undefined && { failed: true }) });
  if (cluster.isWorker) tellPrimary({ act: "ready" });
  if (pings) startWatchdog({ healthCheck: isHealthy });
  armIdle();
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
export function servingText(): string {
  const taken = passedSoFar()
    .filter((one) => one.taken)
    .map(({ socket }) => socket.address ?? socket.name);
  return taken.length > 0 ? `Serving ${taken.join(", ")}` : "Serving";
}

async function isHealthy(): Promise<boolean> {
  for (const { settings } of lifecycle.apps) if ((await settings.healthCheck?.()) === false) return false;
  return true;
}
