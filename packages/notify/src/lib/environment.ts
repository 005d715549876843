import type { Cluster } from "node:cluster";
import process from "node:process";
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";
import { isMainThread } from "./main-thread.ts";
import { processState } from "./process-state.ts";

/**
 * What the service manager wants from this process: the variables of sd_notify(3) and sd_watchdog_enabled(3).
 * An empty variable counts as unset.
 */
interface NotifyEnvironment {
  /** NOTIFY_SOCKET. Undefined if no service manager expects messages. */
  readonly socket: string | undefined;
  readonly watchdogUsec: string | undefined;
  readonly watchdogPid: string | undefined;
}

const NOTHING: NotifyEnvironment = { socket: undefined, watchdogUsec: undefined, watchdogPid: undefined };

/** The values of the variables when the first message was sent and removed them. */
export const environmentState: { environment: NotifyEnvironment | undefined } = processState("environment", {
  environment: undefined,
});

/** The name of the worker data that says to later threads that the variables existed. */
const WORKER_MARK = "sockact.notify";

/**
 * A worker that shares the environment of the main thread (`SHARE_ENV`) sees the variables only until the
 * main thread removes them. So it reads them as soon as it loads this package.
 */
const workerSawVariables = readEnvironment().socket !== undefined && !isMainThread();

/** The values of the variables. This removes nothing: {@link takeEnvironment} does. */
export function environment(): NotifyEnvironment {
  return environmentState.environment ?? readEnvironment();
}

/**
 * Returns whether a service manager expects messages from this process. It sends nothing and removes no
 * variable. It does not check whether there is a way to send messages: {@link notifyBackend} does.
 */
export function isSupervised(): boolean {
  return environment().socket !== undefined && !isWorkerOfService();
}

/**
 * Removes the variables and remembers their values. Call this when a message goes out. Then the child
 * processes of a process that sends messages do not send messages too.
 */
export function takeEnvironment(): void {
  // The environment of a worker thread may be that of the main thread.
  if (environmentState.environment !== undefined || !isMainThread()) return;
  environmentState.environment = readEnvironment();
  for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) delete process.env[name];
  if (environmentState.environment.socket !== undefined) setEnvironmentData(WORKER_MARK, true);
}

/**
 * Whether the service manager expects messages, and this is a worker thread. A worker thread has neither the
 * descriptor nor the state of the process. If it started before the first message, it has the variables in
 * its copy of the environment. If it started later, it has the mark.
 */
export function isWorkerOfService(): boolean {
  if (isMainThread()) return false;
  return (
    workerSawVariables || readEnvironment().socket !== undefined || getEnvironmentData(WORKER_MARK) === true
  );
}

function readEnvironment(): NotifyEnvironment {
  if (isClusterWorker()) return NOTHING;
  // A container can unset a variable of its image only by setting it to an empty value.
  return {
    socket: process.env["NOTIFY_SOCKET"] || undefined,
    watchdogUsec: process.env["WATCHDOG_USEC"] || undefined,
    watchdogPid: process.env["WATCHDOG_PID"] || undefined,
  };
}

/**
 * Workers of a cluster inherit the variables if they start before the first message of the primary. But the
 * primary sends for them.
 */
function isClusterWorker(): boolean {
  // Only a process with a channel to its parent has `connected`. The others need not load node:cluster.
  if (process.connected === undefined) return false;
  return (process.getBuiltinModule("node:cluster") as unknown as Cluster).isWorker;
}
