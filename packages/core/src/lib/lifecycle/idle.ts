import cluster from "node:cluster";
import { sendToPrimary } from "../shared/cluster-channel.ts";
import { processState } from "../shared/process-state.ts";
import type { Connection } from "../draining/connections.ts";
import type { Drainable } from "../draining/drainable.ts";
import { isProbeConnection } from "../draining/probes.ts";
import { after } from "../shared/timers.ts";
import { allDrains, apps } from "./app.ts";
import { workerPool } from "./worker-pool.ts";

/** The calls of `keepAwake()`, and the timer that ends the process. */
interface IdleState {
  /** How many calls of `keepAwake()` are not released. */
  holds: number;
  /** Called when the last call of `keepAwake()` is released. */
  onReleased: () => void;
  /** How often the timer was restarted. */
  restarts: number;
  timer: NodeJS.Timeout | undefined;
  /** Called when the timer ends. */
  onTimeout: () => void;
  /** Whether the timer has ended and only health probes have followed. */
  isOver: boolean;
  /** In a worker of node:cluster: whether it is idle and has told its primary. */
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
 * Starts the idle timer if an app has an `idleTimeout`. If several apps have one, the longest applies. Only
 * an activated process sleeps, because no socket unit would start another one again. A process for one
 * connection (`Accept=yes`) does not sleep: it ends with its connection.
 *
 * @param onTimeout called with the `idleTimeout` in milliseconds when the process is idle
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

/** Starts the timer. If something keeps the process awake when the timer ends, it starts again. */
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
 * Makes each connection of this server restart the timer, if the timer is running. Watching every connection
 * has a cost.
 */
export function watchIfTimed(drain: Drainable): void {
  if (idle.timer !== undefined) drain.watchConnections();
}

/** Whether the process ends when idle. */
export function mayFallAsleep(): boolean {
  return idle.timer !== undefined;
}

/** Whether the process ends when idle, now or after it becomes ready. */
export function mayFallAsleepLater(): boolean {
  return mayFallAsleep() || apps.some(({ settings }) => settings.idleTimeout !== undefined);
}

/**
 * Restarts the timer after a connection has closed, a datagram has arrived, or a call of `keepAwake()` was
 * released.
 */
export function restartIdleTimer(): void {
  wakeUp();
  idle.isOver = false;
  idle.timer?.refresh();
}

/**
 * Called when a connection is accepted or closed. An open connection keeps the process awake, so the timer
 * restarts when it closes, unless it carried only health probes.
 *
 * @param closed the closed connection, or undefined for an accepted one
 */
export function onConnectionsChange(closed?: Connection): void {
  if (closed !== undefined && !isProbeConnection(closed)) return restartIdleTimer();
  wakeUp();
  if (!idle.isOver) return;
  if (closed !== undefined) idle.onTimeout();
  // Cancels a sleep that is about to begin.
  else idle.timer?.refresh();
}

function wakeUp(): void {
  idle.restarts++;
  reportAwake();
}

/** Reports to the primary that a worker of node:cluster is no longer idle. */
function reportAwake(): void {
  if (idle.isReportedIdle) sendToPrimary({ act: "awake" });
  idle.isReportedIdle = false;
}

/**
 * Keeps an idle process awake for work without a connection, until you call the returned function.
 *
 * Each call counts separately. Calling a returned function twice has no effect. You can still call
 * `keepAwake()` in `onEvent` during the event `idle`. A later call only delays the end of the process, as
 * `onStop` does. A stop by a signal does not wait for it: `await` such work in `onStop`.
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

/**
 * A worker of node:cluster that serves nothing has no timer, so it reports its calls of `keepAwake()` to the
 * primary.
 */
function reportHold(act: "held" | "released"): void {
  if (cluster.isWorker && apps.length === 0) sendToPrimary({ act });
}
