import type { Cluster } from "node:cluster";
import process from "node:process";
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";
import { isMainThread } from "./main-thread.ts";
import { processState } from "./process-state.ts";

/** What the service manager asks of this process, by the variables of sd_notify(3) and sd_watchdog_enabled(3). Empty is unset. */
interface NotifyEnvironment {
  /** NOTIFY_SOCKET; undefined when no service manager asks for messages. */
  readonly socket: string | undefined;
  readonly watchdogUsec: string | undefined;
  readonly watchdogPid: string | undefined;
}

const NOTHING: NotifyEnvironment = { socket: undefined, watchdogUsec: undefined, watchdogPid: undefined };

/** What the variables were when the first message was sent, which has removed them. */
export const environmentState: { environment: NotifyEnvironment | undefined } = processState("environment", {
  environment: undefined,
});

/** The worker data by which a thread knows of the variables when it starts after they were removed. */
const WORKER_MARK = "sockact.notify";

/**
 * A worker that shares the environment of the main thread (`SHARE_ENV`) sees the variables only until the main thread removes them,
 * so it looks as soon as it loads this package.
 */
const workerSawVariables = readEnvironment().socket !== undefined && !isMainThread();

/** What the variables say. It only looks: {@link takeEnvironment} removes them. */
export function environment(): NotifyEnvironment {
  return environmentState.environment ?? readEnvironment();
}

/** Whether a service manager asks this process for messages, by whatever way they travel. It only looks: no variable is removed. */
export function isSupervised(): boolean {
  return environment().socket !== undefined && !isWorkerOfService();
}

/**
 * Removes the variables and remembers what they said. Called when a message goes out, so that the children of a process that speaks
 * for itself do not speak for it too.
 */
export function takeEnvironment(): void {
  // The environment of a worker thread may be that of the main thread.
  if (environmentState.environment !== undefined || !isMainThread()) return;
  environmentState.environment = readEnvironment();
  for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) delete process.env[name];
  if (environmentState.environment.socket !== undefined) setEnvironmentData(WORKER_MARK, true);
}

/**
 * Whether the service manager asks to be told, and this is a worker thread. A worker thread has neither the descriptor nor the state of
 * the process. One that started before the first message has the variables in its copy of the environment; a later one has the mark.
 */
export function isWorkerOfService(): boolean {
  if (isMainThread()) return false;
  return (
    workerSawVariables || readEnvironment().socket !== undefined || getEnvironmentData(WORKER_MARK) === true
  );
}

function readEnvironment(): NotifyEnvironment {
  if (isClusterWorker()) return NOTHING;
  // Containers have no other way to unset a variable of their image than to set it to nothing.
  return {
    socket: process.env["NOTIFY_SOCKET"] || undefined,
    watchdogUsec: process.env["WATCHDOG_USEC"] || undefined,
    watchdogPid: process.env["WATCHDOG_PID"] || undefined,
  };
}

/** The primary speaks for its workers, which inherit the variables when they start before its first message. */
function isClusterWorker(): boolean {
  // Only a process with a channel to its parent has `connected`, and others need not wait until node:cluster is loaded.
  if (process.connected === undefined) return false;
  return (process.getBuiltinModule("node:cluster") as unknown as Cluster).isWorker;
}
