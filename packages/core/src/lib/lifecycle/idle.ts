import cluster from "node:cluster";
import { sendToPrimary } from "../shared/cluster-channel.ts";
import { processState } from "../shared/process-state.ts";
import type { Connection } from "../draining/connections.ts";
import type { Drainable } from "../draining/drainable.ts";
import { isProbeConnection } from "../draining/probes.ts";
import { after } from "../shared/timers.ts";
import { allDrains, apps } from "./app.ts";
import { workerPool } from "./worker-pool.ts";

/** The holds that keep the process awake, and the timer that ends it. */
interface IdleState {
  /** How many calls of `keepAwake()` have not been released. */
  holds: number;
  /** Called when the last hold is released. */
  onReleased: () => void;
  /** How many times the timer was restarted. */
  restarts: number;
  timer: NodeJS.Timeout | undefined;
  /** Called when the timer ends. */
  onTimeout: () => void;
  /** Whether the timer has ended, and there has been nothing but health probes since. */
  isOver: boolean;
  /** In a worker of node:cluster: whether it is idle, and has reported that to its primary. */
  isReportedIdle: boolean;
}

export const idle: IdleState = processState("idle", {
  holds: 0,
  onReleased: () => {},
  restarts: 0,
  timer: undefined,
  onTimeout: () => {},
  isOver: false,
  isReportedIdle: false,
});

/**
 * Starts to count the time without a connection, if an app has an `idleTimeout`. If several apps have one,
 * the longest counts. Only an activated process sleeps, because nothing would wake any other. A process that
 * was started for one connection (`Accept=yes`) does not sleep: it ends with the connection.
 *
 * @param onTimeout called when that time is over, with the time in milliseconds
 */
export function startIdleTimer(onTimeout: (timeout: number) => void): void {
  const timeouts = apps.flatMap(({ activated, isForConnections, settings }) =>
    activated && !isForConnections && settings.idleTimeout !== undefined ? [settings.idleTimeout] : [],
  );
  // In a cluster, each worker has its own timer. All of them may be idle before the primary is ready.
  const pool = workerPool();
  if (pool !== undefined) return pool.sleepIfAllAreIdle();
  if (timeouts.length === 0) return;
  const timeout = Math.max(...timeouts);
  startTimer(timeout, () => onTimeout(timeout));
}

/** Starts the timer. From now on, whatever keeps the process awake restarts it when it ends. */
export function startTimer(timeout: number, onTimeout: () => void): void {
  clearTimeout(idle.timer);
  idle.isOver = false;
  idle.onTimeout = () => {
    idle.isOver = true;
    onTimeout();
  };
  idle.timer = after(timeout, idle.onTimeout)?.unref();
  for (const drain of allDrains()) watchIfTimed(drain);
}

/**
 * Makes each connection of this server restart the timer, if it has been started. Only then, because every
 * connection pays for that.
 */
export function watchIfTimed(drain: Drainable): void {
  if (idle.timer !== undefined) drain.watchConnections();
}

/** Whether the process ends by itself when it is idle. */
export function mayFallAsleep(): boolean {
  return idle.timer !== undefined;
}

/** Whether the process ends by itself when it is idle, or will do so when it is ready. */
export function mayFallAsleepLater(): boolean {
  return mayFallAsleep() || apps.some(({ settings }) => settings.idleTimeout !== undefined);
}

/**
 * Starts the timer again. Called when a connection has closed, when a datagram has arrived, and when a hold
 * was released.
 */
export function restartIdleTimer(): void {
  wakeUp();
  idle.isOver = false;
  idle.timer?.refresh();
}

/**
 * Called when a connection was accepted, and when one has closed. An open connection keeps the process awake,
 * so the timer starts again when it has closed, unless it has carried nothing but health probes.
 *
 * @param closed the connection that has closed. Undefined for one that was accepted.
 */
export function onConnectionsChange(closed?: Connection): void {
  if (closed !== undefined && !isProbeConnection(closed)) return restartIdleTimer();
  wakeUp();
  if (!idle.isOver) return;
  if (closed !== undefined) idle.onTimeout();
  // The process may be about to fall asleep, and does not now.
  else idle.timer?.refresh();
}

function wakeUp(): void {
  idle.restarts++;
  reportAwake();
}

/** A worker of node:cluster that has said it is idle takes that back. */
function reportAwake(): void {
  if (idle.isReportedIdle) sendToPrimary({ act: "awake" });
  idle.isReportedIdle = false;
}

/**
 * Keeps an idle process awake for work that has no connection, until you call the returned function.
 *
 * Each call of `keepAwake()` counts separately. Calling a returned function twice has no effect. You can still
 * keep the process awake in `onEvent` when the event `idle` is emitted. A later call only delays the end of
 * the process, as `onStop` does. A stop by a signal does not wait for it: `await` such work in `onStop`.
 */
export function keepAwake(): () => void {
  let held = true;
  if (idle.holds++ === 0) reportHold("held");
  reportAwake();
  return () => {
    if (!held) return;
    held = false;
    if (--idle.holds === 0) reportHold("released");
    restartIdleTimer();
    if (idle.holds === 0) idle.onReleased();
  };
}

/** A worker of node:cluster that serves nothing has no timer. So it reports its holds to the primary. */
function reportHold(act: "held" | "released"): void {
  if (cluster.isWorker && apps.length === 0) sendToPrimary({ act });
}
