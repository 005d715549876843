import { sendToPrimary } from "../shared/cluster-channel.ts";
import { processState } from "../shared/process-state.ts";
import { after } from "../shared/timers.ts";
import { apps } from "./app.ts";
import { workerPool } from "./worker-pool.ts";

/** What keeps the process awake, and the timer that ends it otherwise. */
interface IdleState {
  /** How many `hold()`s have not been released. */
  holds: number;
  /** Called when the last of them is released. */
  onReleased: () => void;
  /** How often the timer was restarted. */
  restarts: number;
  timer: NodeJS.Timeout | undefined;
  /** In a worker of node:cluster: whether it has reported to its primary that it is idle, and is still so. */
  isReportedIdle: boolean;
}

export const idle: IdleState = processState("idle", {
  holds: 0,
  onReleased: () => {},
  restarts: 0,
  timer: undefined,
  isReportedIdle: false,
});

/**
 * Starts to count the time without a connection, if an app has an `idleTimeout`. If several have one, the longest counts. Only an activated
 * process sleeps, since nothing would wake another; one that was started for a connection ends with it.
 *
 * @param onTimeout called when that time is over, with its length in milliseconds
 */
export function startIdleTimer(onTimeout: (timeout: number) => void): void {
  const timeouts = apps.flatMap(({ activated, isForConnections, settings }) =>
    activated && !isForConnections && settings.idleTimeout !== undefined ? [settings.idleTimeout] : [],
  );
  // In a cluster, the workers count.
  if (timeouts.length === 0 || workerPool() !== undefined) return;
  const timeout = Math.max(...timeouts);
  idle.timer = after(timeout, () => onTimeout(timeout))?.unref();
}

/** Starts to count from zero again: a connection was accepted or has closed, a datagram has come, or some work has ended. */
export function restartIdleTimer(): void {
  idle.restarts++;
  if (idle.isReportedIdle) sendToPrimary({ act: "awake" });
  idle.isReportedIdle = false;
  idle.timer?.refresh();
}

/**
 * Keeps an idle process awake for work that no connection shows, until the returned function is called. Every call counts on its own;
 * calling a returned function twice does nothing. Called in `onEvent` at `idle`, it still keeps the process awake; called later, it delays the end as `onStop`
 * does. It does not hold up a stop by signal: `onStop` does.
 */
export function hold(): () => void {
  let held = true;
  idle.holds++;
  return () => {
    if (!held) return;
    held = false;
    idle.holds--;
    restartIdleTimer();
    if (idle.holds === 0) idle.onReleased();
  };
}
