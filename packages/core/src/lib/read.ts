import cluster from "node:cluster";
import process from "node:process";
import { getEnvironmentData, isMainThread, setEnvironmentData } from "node:worker_threads";
import { adoptDescriptor } from "@sockact/notify/descriptor";
import { type ActivatedSocket, classify } from "./classify.ts";
import { CLUSTER_VARIABLE } from "./cluster/variable.ts";
import { readFromPrimary } from "./cluster/worker.ts";
import { ActivationError } from "./errors.ts";
import { warnOfLauncher } from "./launcher.ts";
import { LISTEN_VARIABLES, parseListenEnvironment } from "./parse.ts";
import { isFromSocketUnit } from "./passed-socket.ts";
import { type Activation, state } from "./state.ts";
import { warnOfUntakenLater } from "./untaken.ts";

/** What was passed to this process: read and classified once, whoever asks. */
export type Passed = Exclude<Activation, { error: Error }>;

const WORKER_KEY = "sockact.1";

/**
 * The file descriptors that were passed to this process, in their order.
 *
 * The first call in a process reads the environment and removes LISTEN_PID, LISTEN_PIDFDID, LISTEN_FDS and LISTEN_FDNAMES
 * from it, as sd_listen_fds(3) with `unset_environment`; later calls give the same answer. Empty when none were passed.
 *
 * @throws ActivationError `ERR_LISTEN_PID`, `ERR_LISTEN_PIDFDID`, `ERR_LISTEN_FDS`, `ERR_LISTEN_FDNAMES`, `ERR_FD_NOT_OPEN`,
 * `ERR_BUN`, `ERR_WORKER_THREAD`
 */
export function activatedSockets(): readonly ActivatedSocket[] {
  return readActivation().passed.map(({ socket }) => socket);
}

/** Whether the variables are there, or have been read: cheap, and touches nothing. Another process may be meant. */
export function maybeActivated(): boolean {
  const { env } = process;
  return (
    env["LISTEN_FDS"] !== undefined || env[CLUSTER_VARIABLE] !== undefined || state.activation !== undefined
  );
}

/** Reads the environment the first time; throws what was thrown then, ever after. */
export function readActivation(): Passed {
  state.activation ??= read();
  if ("error" in state.activation) throw state.activation.error;
  return state.activation;
}

function read(): Activation {
  if (!isMainThread) return readInWorker();
  try {
    const ofPrimary = cluster.isWorker ? readFromPrimary() : undefined;
    if (ofPrimary !== undefined) {
      setEnvironmentData(WORKER_KEY, true);
      return ofPrimary;
    }
    const environment = parseListenEnvironment(process.env, process.pid);
    if (!environment.activated) {
      warnOfLauncher(process.env);
      return { ...environment, passed: [] };
    }
    if (process.versions["bun"] !== undefined) {
      throw new ActivationError(
        "ERR_BUN",
        `Bun ${process.versions["bun"]} can't listen on a socket that was passed: it opens another, on a random port`,
        "Run the service with Node: ExecStart=/usr/bin/node ….",
      );
    }
    const passed = classify(environment.names);
    const notify = passed.find((one) => one.socket.name === "notify" && !isFromSocketUnit(one));
    if (notify?.inode !== undefined) adoptDescriptor(notify.socket.fd);
    // Descriptors from OpenFile= alone, such as the service manager's notify socket, are no activation.
    if (!passed.some(isFromSocketUnit)) {
      return { activated: false, reason: `LISTEN_FDS holds only ${environment.names.join(", ")}`, passed };
    }
    setEnvironmentData(WORKER_KEY, true);
    warnOfUntakenLater(passed);
    return { activated: true, passed };
  } catch (error) {
    return { error: error as Error };
  } finally {
    for (const variable of [...LISTEN_VARIABLES, CLUSTER_VARIABLE]) delete process.env[variable];
  }
}

/** A worker shares the pid and the descriptors, and closes them for all when it ends. */
function readInWorker(): Activation {
  let meant = getEnvironmentData(WORKER_KEY) === true;
  try {
    meant ||= parseListenEnvironment(process.env, process.pid).activated;
  } catch (error) {
    return { error: error as Error };
  }
  if (!meant) return { activated: false, reason: "no socket was passed to this process", passed: [] };
  return {
    error: new ActivationError(
      "ERR_WORKER_THREAD",
      "The sockets that were passed to this process can't be used in a worker thread: when it ends, they close for all",
      "Listen in the main thread, and hand the work to the workers.",
    ),
  };
}
