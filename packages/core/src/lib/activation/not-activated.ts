import { readFileSync } from "node:fs";
import process from "node:process";
import { getEnvironmentData } from "node:worker_threads";
import { ActivationError } from "../shared/errors.ts";
import { type ReadOutcome, WORKER_KEY } from "./activation.ts";
import { warnOfLauncher, warnOfOuterPid } from "./launcher.ts";
import { type ListenEnvironment, parseListenEnvironment } from "./protocol/parse-environment.ts";

type Environment = Record<string, string | undefined>;

/** Explains why nothing was passed. Warns if sockets were passed to another process. */
export function explainNotActivated(
  env: Environment,
  environment: ListenEnvironment,
  isOuterPid: boolean,
): string {
  if (environment.activated) return `LISTEN_FDS holds only ${environment.names.join(", ")}`;
  const { reason } = environment;
  const { LISTEN_PID, LISTEN_FDS } = env;
  if (LISTEN_PID !== undefined && isOuterPid) warnOfOuterPid(LISTEN_PID);
  else warnOfLauncher(env);
  return LISTEN_PID === undefined && LISTEN_FDS !== undefined
    ? `${reason}, though LISTEN_FDS is ${LISTEN_FDS}: if you trust the parent, write ignoreListenPid: true or SOCKACT_IGNORE_LISTEN_PID=yes`
    : reason;
}

/**
 * A worker thread shares the process ID and descriptors. When it ends, it closes its sockets for the whole
 * process.
 */
export function readInWorkerThread(env: Environment): ReadOutcome {
  let meant = (getEnvironmentData(WORKER_KEY) as boolean | undefined) ?? wasStartedWithSockets();
  try {
    meant ||= parseListenEnvironment(env, process.pid).activated;
  } catch (error) {
    return { error: error as Error };
  }
  if (!meant)
    return { activated: false, reason: "this is a worker thread, which gets no sockets", sockets: [] };
  return {
    error: new ActivationError(
      "SOCKACT_ERR_WORKER_THREAD",
      "The sockets that were passed to this process can't be used in a worker thread: they would close for the whole process when the thread ends",
      "Listen in the main thread, and hand the work to the workers.",
    ),
  };
}

/**
 * Whether the initial variables of this process announce sockets. They may have been removed since, but the
 * kernel keeps a copy.
 */
function wasStartedWithSockets(): boolean {
  try {
    const lines = readFileSync("/proc/self/environ", "utf8").split("\0");
    const initial = Object.fromEntries(lines.map((line) => line.split(/=([^]*)/, 2) as [string, string]));
    return parseListenEnvironment(initial, process.pid).activated;
  } catch {
    return false;
  }
}

export function versionsError(): ActivationError {
  return new ActivationError(
    "SOCKACT_ERR_VERSIONS",
    "Two versions of sockact that can't work together are in this process",
    "Install the same version of all packages: npm ls @sockact/core @sockact/register. If sockact install wrote the unit, run it again: it then loads the preload of the new version.",
  );
}
