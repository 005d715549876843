import { ChildProcess } from "node:child_process";
import cluster, { type Worker } from "node:cluster";
import process from "node:process";
import { isMainThread } from "node:worker_threads";
import { activation, type ActivationResult } from "../activation/activation.ts";
import { formatClusterVariable } from "../activation/cluster-variable.ts";
import { isFromSocketUnit } from "../activation/passed-socket.ts";
import { areSocketsAnnounced, readActivation } from "../activation/read.ts";
import { addApp, createApp } from "../lifecycle/app.ts";
import { readSettings } from "../lifecycle/settings.ts";
import { handleSignals } from "../signals/handle-signals.ts";
import { afterHeldListeners } from "../lifecycle/stop-at-signal.ts";
import { prepareToNotify } from "../lifecycle/service-manager.ts";
import { setWorkerPool, workerPool } from "../lifecycle/worker-pool.ts";
import { isBun } from "../shared/runtime.ts";
import { runtimeError } from "../shared/runtime-errors.ts";
import { once } from "../shared/process-state.ts";
import { warn } from "../shared/warnings.ts";
import { keepHandles } from "./shared-handles.ts";
import { Workers } from "./workers.ts";

/**
 * Prepares the primary for its workers, once there are sockets for them. Returns whether its workers serve
 * sockets.
 */
export function activateCluster(): boolean {
  if (!isMainThread) return false;
  const passed = readActivation();
  if (!passed.activated || socketsForWorkers(passed).length === 0) return workerPool() !== undefined;
  if (isBun) throw runtimeError("cluster");
  once("activate cluster", () => {
    const isLate = Object.keys(cluster.settings).length > 0 && cluster.schedulingPolicy === cluster.SCHED_RR;
    if (isLate) {
      warn(
        "SOCKACT_WARN_PRIMARY",
        "cluster.setupPrimary() was called before sockact was imported: when all workers have ended, no other worker can listen.",
        "Import sockact in the primary before that call.",
      );
    }
    // Later, there may be no free descriptor.
    prepareToNotify();
    shareListening();
    keepHandles(passed.sockets);
    const app = createApp(readSettings({}), true);
    addApp(app);
    handleSignals(app);
    setWorkerPool(new Workers(app, passed.sockets));
  });
  return true;
}

/**
 * Called before setupPrimary(). The caller may never call fork(): pm2 calls setupPrimary(), and may start its
 * apps in another way. So this removes no variable that a child process may need.
 */
export function prepareScheduling(): void {
  if (activation.result !== undefined) activateCluster();
  else if (isMainThread && areSocketsAnnounced()) shareListening();
}

/**
 * Sets the scheduling policy, which Node fixes at the first setupPrimary(). With round robin, the primary
 * would accept connections while no worker runs, and lose them.
 */
function shareListening(): void {
  cluster.schedulingPolicy = cluster.SCHED_NONE;
}

/** The passed sockets that the primary does not serve itself. */
function socketsForWorkers({ sockets }: ActivationResult): ActivationResult["sockets"] {
  return sockets.filter(
    (passedSocket) =>
      isFromSocketUnit(passedSocket) &&
      (!passedSocket.claimed || workerPool()?.served.has(passedSocket.socket.fd)),
  );
}

/** The value of the variable that describes the sockets to a new worker. */
export function announceToWorker(): string {
  const pool = workerPool();
  if (pool) pool.areAnnounced = true;
  return formatClusterVariable(process.pid, socketsForWorkers(readActivation()));
}

/**
 * Creates a worker that never starts. fork() returns it during a stop. If the app's signal listeners have
 * waited for the drain, the worker emits `exit` after them, because a process manager waits for that. If they
 * ran at once, the worker emits nothing, because the usual `cluster.on("exit", () => cluster.fork())` would
 * never end.
 */
export function unstartedWorker(): Worker {
  const child = Object.assign(new ChildProcess(), {
    connected: false,
    send: () => false,
    disconnect: () => {},
    // Node would send the signal to process ID 0, which means our whole process group.
    kill: () => false,
  });
  const { Worker: NodeWorker } = cluster as unknown as {
    Worker: new (options: { id: number; process: ChildProcess }) => Worker;
  };
  const worker = Object.assign(new NodeWorker({ id: 0, process: child }), { state: "dead" });
  afterHeldListeners(() => {
    Object.assign(child, { exitCode: 0 });
    worker.emit("exit", 0, null);
    cluster.emit("exit", worker, 0, null);
  });
  return worker;
}
