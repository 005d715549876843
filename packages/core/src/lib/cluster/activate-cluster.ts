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
import { handleSignals } from "../lifecycle/signals.ts";
import { afterHeldListeners } from "../lifecycle/stop-at-signal.ts";
import { setWorkerPool, workerPool } from "../lifecycle/worker-pool.ts";
import { once } from "../shared/process-state.ts";
import { warn } from "../shared/warnings.ts";
import { keepHandles } from "./shared-handles.ts";
import { Workers } from "./workers.ts";

/** Prepares the primary for its workers the first time that there are sockets for them. Returns whether its workers serve sockets. */
export function activateCluster(): boolean {
  if (!isMainThread) return false;
  const passed = readActivation();
  if (!passed.activated || socketsForWorkers(passed).length === 0) return workerPool() !== undefined;
  once("activate cluster", () => {
    const isLate = Object.keys(cluster.settings).length > 0 && cluster.schedulingPolicy === cluster.SCHED_RR;
    if (isLate) {
      warn(
        "SOCKACT_PRIMARY",
        "cluster.setupPrimary() was called before sockact was imported: when all workers have ended, no other worker can listen.",
        "Import sockact in the primary before that call.",
      );
    }
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
 * Called before setupPrimary(). Whoever calls it may never fork: pm2 does so, and starts its apps otherwise. So nothing is read or removed that a child may
 * have to see.
 */
export function prepareScheduling(): void {
  if (activation.result !== undefined) activateCluster();
  else if (isMainThread && areSocketsAnnounced()) shareListening();
}

/** Frozen by Node with the first setupPrimary(). With round robin, the primary would accept connections while no worker is there to serve them, and lose them. */
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

/** What tells a worker that is about to start of its sockets. */
export function announceToWorker(): string {
  const pool = workerPool();
  if (pool) pool.areAnnounced = true;
  return formatClusterVariable(process.pid, socketsForWorkers(readActivation()));
}

/**
 * What fork() returns while the process stops: a worker that never starts. A manager that learns only now of the signal waits for it to exit. Where the app
 * learned of the signal at once, it emits nothing: the usual `cluster.on("exit", () => cluster.fork())` would never end.
 */
export function unstartedWorker(): Worker {
  const child = Object.assign(new ChildProcess(), {
    connected: false,
    send: () => false,
    disconnect: () => {},
    // Node would send the signal to pid 0, which is every process of our group.
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
