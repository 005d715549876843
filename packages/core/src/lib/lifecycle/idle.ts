import cluster from "node:cluster";
import process from "node:process";
import { tellPrimary } from "../cluster/messages.ts";
import { processState } from "../process-state.ts";
import { allDrains, emit, lifecycle } from "./apps.ts";
import { leave, stop } from "./stop.ts";
import { after } from "./timers.ts";

const idle = processState("idle", {
  /** How many `hold()`s have not been released. */
  holds: 0,
  timer: undefined as NodeJS.Timeout | undefined,
  /** Of a worker of node:cluster: whether its primary believes that nothing keeps it awake. */
  isReported: false,
});

/**
 * Starts to count the time without a connection, if an app has asked for that: of several the longest holds. Only an activated
 * process sleeps, since nothing would wake another; one that was started for a connection ends with it.
 */
export function armIdle(): void {
  const timeouts = lifecycle.apps.flatMap(({ activated, isForConnections, settings }) =>
    activated && !isForConnections && settings.idleTimeout !== undefined ? [settings.idleTimeout] : [],
  );
  // Of a cluster, the workers know.
  if (timeouts.length === 0 || lifecycle.workers !== undefined) return;
  const timeout = Math.max(...timeouts);
  idle.timer = after(timeout, () => sleepIfIdle(timeout))?.unref();
}

/** Counts anew: a connection has come or gone, or some work has ended. */
export function countAnew(): void {
  if (idle.isReported) tellPrimary({ act: "awake" });
  idle.isReported = false;
  idle.timer?.refresh();
}

/**
 * Keeps an idle process awake for work that no connection shows, until the returned function is called. Every call counts on its own;
 * calling a returned function twice does nothing. It does not hold up a stop by signal: `onStop` does.
 */
export function hold(): () => void {
  let held = true;
  idle.holds++;
  return () => {
    if (!held) return;
    held = false;
    idle.holds--;
    countAnew();
  };
}

/** Otherwise the end of what keeps it awake counts anew. A connection over which nothing ever came has had its time by now. */
function sleepIfIdle(timeout: number): void {
  if (!cluster.isWorker) return fallAsleep(timeout);
  if (isAwake()) return;
  idle.isReported = true;
  tellPrimary({ act: "idle", timeout });
}

function isAwake(): boolean {
  if (idle.holds > 0 || lifecycle.stopping !== undefined) return true;
  return allDrains().some((drain) =>
    [...drain.connections.values()].some((connection) => !drain.isSilent(connection)),
  );
}

/** Ends the process, unless something of its own keeps it awake. */
export function fallAsleep(timeout: number): void {
  if (isAwake()) return;
  emit({ type: "idle", timeout });
  void stop("idle").then((code) => leave(code === 0 && !process.exitCode ? exitStatus() : code));
}

/** What tells the service manager that the process sleeps. Of several apps the one that has chosen a status is heard. */
function exitStatus(): number {
  return Math.max(...lifecycle.apps.map(({ settings }) => settings.idleExitStatus));
}
