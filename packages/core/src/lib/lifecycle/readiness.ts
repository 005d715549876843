import cluster from "node:cluster";
import { startWatchdog, watchdogEnabled } from "@sockact/notify";
import { sendToPrimary } from "../shared/cluster-channel.ts";
import { activation, knownSockets } from "../activation/activation.ts";
import { isServerExpected, onStartTimeOver } from "../activation/unserved.ts";
import { once, processState } from "../shared/process-state.ts";
import { apps, emit } from "./app.ts";
import { startIdleTimer } from "./idle.ts";
import { sendReadyAfterFirstResponse } from "./pending-ready.ts";
import { shouldNotify, notifyServiceManager } from "./service-manager.ts";
import { sleepIfIdle } from "./sleep.ts";
import { isStopping } from "./stopping.ts";
import { workerPool } from "./worker-pool.ts";

const readiness = processState("readiness", {
  /** Set once READY=1 waits for nothing more; fulfils when it has been sent. */
  sent: undefined as Promise<void> | undefined,
  isReady: false,
});

/** Whether every socket of the unit has its server, and every `ready` is fulfilled. It stays true while the process stops. */
export function isReady(): boolean {
  return readiness.isReady;
}

/** Fulfils when READY=1 has been sent; at once while it still waits for a socket or a server. */
export async function untilReadySent(): Promise<void> {
  await readiness.sent;
}

/**
 * Sends READY=1 once every socket of the unit has its server, and every `ready` of an app is fulfilled. A socket that nothing serves
 * delays it only until the warning about it. Called whenever that may have changed.
 */
export function checkReadiness(): void {
  const { result } = activation;
  if (readiness.sent !== undefined || result === undefined || "error" in result) return;
  if (isServerExpected()) {
    once("check readiness when the start is over", () => onStartTimeOver(checkReadiness));
    return;
  }
  if (!apps.some(({ drains }) => drains.size > 0) && workerPool()?.haveServed !== true) return;
  readiness.sent = Promise.all(apps.map(async (app) => app.readyResult)).then(
    () => new Promise((resolve) => sendReadyAfterFirstResponse(() => resolve(sendReady()))),
    () => {
      // The rejection is an `error` event of the server.
    },
  );
}

async function sendReady(): Promise<void> {
  if (isStopping()) return;
  readiness.isReady = true;
  const pings = shouldNotify() && apps.every(({ settings }) => settings.watchdog) && isWatchdogEnabled();
  const notified = await notifyServiceManager(`READY=1\nSTATUS=${statusText()}`);
  emit({ type: "ready", notified: notified === true, ...(notified === undefined && { failed: true }) });
  if (cluster.isWorker) sendToPrimary({ act: "ready" });
  if (pings) startWatchdog({ healthCheck: isHealthy });
  startIdleTimer((timeout) => void sleepIfIdle(timeout));
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
  const claimed = knownSockets()
    .filter((passedSocket) => passedSocket.claimed)
    .map(({ socket }) => socket.address ?? socket.name);
  return claimed.length > 0 ? `Serving ${claimed.join(", ")}` : "Serving";
}

async function isHealthy(): Promise<boolean> {
  for (const { settings } of apps) if ((await settings.healthCheck?.()) === false) return false;
  return true;
}
