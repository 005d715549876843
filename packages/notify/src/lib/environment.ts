import type { Cluster } from "node:cluster";
import process from "node:process";
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";
import { isMainThread } from "./main-thread.ts";
import { processState } from "./process-state.ts";

/** The variables of sd_notify(3) and sd_watchdog_enabled(3). An empty variable counts as unset. */
interface NotifyEnvironment {
  /** NOTIFY_SOCKET, or undefined if no service manager expects messages. */
  readonly socket: string | undefined;
  readonly watchdogUsec: string | undefined;
  readonly watchdogPid: string | undefined;
}

const NOTHING: NotifyEnvironment = { socket: undefined, watchdogUsec: undefined, watchdogPid: undefined };

/** The values of the variables before the first message removed them. */
export const environmentState: { environment: NotifyEnvironment | undefined } = processState("environment", {
  environment: undefined,
});

/** The key of the worker data that tells later threads that the variables existed. */
const WORKER_MARK = "sockact.notify";

/**
 * A worker with `SHARE_ENV` sees the variables only until the main thread removes them, so it reads them on
 * load.
 */
const workerSawVariables = readEnvironment().socket !== undefined && !isMainThread();

/** The values of the variables. Removes nothing, unlike {@link takeEnvironment}. */
export function environment(): NotifyEnvironment {
  return environmentState.environment ?? readEnvironment();
}

/**
 * Returns whether a service manager expects messages from this process. Sends nothing and removes no
 * variable. Does not check whether there is a way to send messages, unlike {@link notifyBackend}.
 */
export function isSupervised(): boolean {
  return environment().socket !== undefined && !isWorkerOfService();
}

/**
 * Removes the variables and remembers their values. Call this when a message is sent, so that child processes
 * do not send messages too.
 */
export function takeEnvironment(): void {
  // A worker thread may share the environment of the main thread.
  if (environmentState.environment !== undefined || !isMainThread()) return;
  environmentState.environment = readEnvironment();
  for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) delete process.env[name];
  if (environmentState.environment.socket !== undefined) setEnvironmentData(WORKER_MARK, true);
}

/**
 * Whether the service manager expects messages and this is a worker thread, which has neither the descriptor
 * nor the state of the process. A thread that started before the first message has the variables in its
 * environment. A later one has the mark.
 */
export function isWorkerOfService(): boolean {
  if (isMainThread()) return false;
  return (
    workerSawVariables || readEnvironment().socket !== undefined || getEnvironmentData(WORKER_MARK) === true
  );
}

function readEnvironment(): NotifyEnvironment {
  if (isClusterWorker()) return NOTHING;
  // A container can't unset a variable of its image, only set it to an empty value.
  return {
    socket: process.env["NOTIFY_SOCKET"] || undefined,
    watchdogUsec: process.env["WATCHDOG_USEC"] || undefined,
    watchdogPid: process.env["WATCHDOG_PID"] || undefined,
  };
}

/**
 * Whether this is a cluster worker. Workers that start before the primary's first message inherit the
 * variables, but the primary sends the messages.
 */
function isClusterWorker(): boolean {
  // Only a process with a channel to its parent has `connected`. Others do not need node:cluster.
  if (process.connected === undefined) return false;
  return (process.getBuiltinModule("node:cluster") as unknown as Cluster).isWorker;
}
