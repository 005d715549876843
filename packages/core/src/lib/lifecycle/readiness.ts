import cluster from "node:cluster";
import { notifyBackend } from "@sockact/notify";
import { predecessor } from "@sockact/shared/notify";
import { sendToPrimary } from "../shared/cluster-channel.ts";
import { activation, knownSockets } from "../activation/activation.ts";
import type { PassedSocket } from "../activation/passed-socket.ts";
import { isWaitingToServe } from "../activation/serving.ts";
import { isServerExpected, onStartTimeOver } from "../activation/unserved.ts";
import { once, processState } from "../shared/process-state.ts";
import { TOOK_OVER, UNIT_CHANGED } from "@sockact/shared/texts";
import { apps, emit } from "./app.ts";
import { startIdleTimer } from "./idle.ts";
import { sendReadyAfterFirstResponse } from "./pending-ready.ts";
import { notifyServiceManager } from "./service-manager.ts";
import type { Settings } from "./settings.ts";
import { sleepIfIdle } from "./sleep.ts";
import { isStopping } from "./stopping.ts";
import { followPredecessor, untilHandedOver } from "./take-over.ts";
import { isUnitChanged } from "./unit-changes.ts";
import { isWatched, reportHealth } from "./watchdog.ts";
import { workerPool } from "./worker-pool.ts";

// In the published package, this is in another file, which needs all of this one. No message arrives before.
if (predecessor() !== undefined) queueMicrotask(() => followPredecessor());

const readiness = processState("readiness", {
  /** Set when READY=1 waits for nothing more. Resolves when it was sent. */
  sent: undefined as Promise<void> | undefined,
  /** Whether READY=1 waits for no socket and no `onListen`. */
  areAppsReady: false,
  isReady: false,
  /** Called once, when the process is ready. */
  actions: [] as (() => void)[],
  /** Ends an idle process. Undefined if no app may fall asleep. */
  sleep: undefined as typeof sleepIfIdle | undefined,
});

/**
 * Whether every socket of the unit has a server, and every `onListen` is fulfilled. True before a server
 * listens through sockact.
 */
export function areAppsReady(): boolean {
  return readiness.areAppsReady || apps.length === 0;
}

/**
 * Whether every socket of the unit has a server, and every `onListen` is fulfilled. Stays true during a stop.
 */
export function isReady(): boolean {
  return readiness.isReady;
}

/**
 * Runs an action when the process is ready, or at once if it is. Never runs it if the process stops before
 * that.
 */
export function onceReady(action: () => void): void {
  if (readiness.isReady) action();
  else readiness.actions.push(action);
}

/** Resolves when READY=1 was sent. If READY=1 still waits for a socket or server, resolves at once. */
export async function untilReadySent(): Promise<void> {
  await readiness.sent;
}

/** Loads the code that ends an idle process, if an app has an `idleTimeout`: decisions/014. */
export function prepareToSleep({ idleTimeout }: Settings): void {
  if (idleTimeout !== undefined) readiness.sleep ??= sleepIfIdle;
}

/**
 * Sends READY=1 when every socket of the unit has a server, and every `onListen` is fulfilled. A socket
 * without a server delays it only until the warning about that socket. Called whenever one of these
 * conditions may have changed.
 */
export function checkReadiness(): void {
  const { result } = activation;
  if (readiness.sent !== undefined || result === undefined || "error" in result) return;
  if (isServerExpected()) {
    once("check readiness when the start is over", () => onStartTimeOver(checkReadiness));
    return;
  }
  if (!isServing()) return;
  readiness.sent = Promise.all(apps.map(async (app) => app.readyResult)).then(
    () => {
      readiness.areAppsReady = true;
      return new Promise((resolve) => sendReadyAfterFirstResponse(() => resolve(sendReady())));
    },
    () => {
      // The server emits `error` with this rejection.
    },
  );
}

async function sendReady(): Promise<void> {
  if (isStopping()) return;
  const fds = claimedSockets().map(({ fd }) => fd);
  const old = isWaitingToServe() && !cluster.isWorker ? predecessor() : undefined;
  if (old) {
    // The first search for a backend takes milliseconds, and no client waits yet.
    notifyBackend();
    // An app that has closed its servers meanwhile serves nothing.
    await untilHandedOver(isServing() ? fds : []);
    if (isStopping()) return;
  }
  readiness.isReady = true;
  // If the watchdog variables are malformed, the error comes before READY=1.
  isWatched();
  // The old process has sent READY=1 for this one, because systemd would have ignored a message of this one
  // before.
  const change =
    old && isUnitChanged(old.firstStart) ? `; ${UNIT_CHANGED}: restart the service to apply it` : "";
  const message = old
    ? `STATUS=${statusText()}; ${TOOK_OVER} ${old.pid}${change}`
    : `READY=1\nSTATUS=${statusText()}`;
  const notified = await notifyServiceManager(message);
  emit({
    type: "ready",
    notified: notified === true,
    ...(old && { predecessor: old.pid }),
    ...(notified === undefined && { failed: true }),
  });
  if (cluster.isWorker) sendToPrimary({ act: "ready", fds });
  for (const action of readiness.actions.splice(0)) action();
  reportHealth();
  startIdleTimer((timeout) => void (readiness.sleep ?? sleepIfIdle)(timeout));
}

function isServing(): boolean {
  return apps.some(({ drains }) => drains.size > 0) || workerPool()?.haveServed === true;
}

/** The status text for `systemctl status`. */
export function statusText(): string {
  const claimed = claimedSockets().map(({ socket }) => socket.address ?? socket.name);
  return claimed.length > 0 ? `Serving ${claimed.join(", ")}` : "Serving";
}

/** The passed sockets that this process or its workers serve. */
export function claimedSockets(): PassedSocket[] {
  return knownSockets().filter(({ claimed }) => claimed);
}
