import { ChildProcess } from "node:child_process";
import cluster, { type Worker } from "node:cluster";
import { syncBuiltinESMExports } from "node:module";
import process from "node:process";
import { isMainThread } from "node:worker_threads";
import type { ActivationResult } from "../activation/activation.ts";
import { addApp, createApp, lifecycle } from "../lifecycle/app.ts";
import { readSettings } from "../lifecycle/settings.ts";
import { handleSignals } from "../lifecycle/signals.ts";
import { isFromSocketUnit } from "../activation/passed-socket.ts";
import { readActivation } from "../activation/read.ts";
import { once } from "../shared/process-state.ts";
import { warn } from "../shared/warnings.ts";
import { keepHandles } from "./shared-handles.ts";
import { CLUSTER_VARIABLE, formatClusterVariable } from "../activation/cluster-variable.ts";
import { createWorkerPool } from "./workers.ts";

// An import comes before the first fork(), and may be all that a primary has of us. Without the variables nothing is touched.
if (isMainThread && cluster.isPrimary && process.env["LISTEN_FDS"] !== undefined)
  once("wrap cluster", wrapCluster);

/** Makes the first use of node:cluster one of the sockets that were passed to this process. */
function wrapCluster(): void {
  // Patches cluster.fork, setupPrimary and setupMaster.
  const { fork, setupPrimary } = cluster;
  cluster.fork = (env?: object): Worker => {
    // The usual `cluster.on("exit", () => cluster.fork())` would go on for ever.
    if (lifecycle.stopping !== undefined) return unstartedWorker();
    return fork.call(cluster, activateCluster() ? { ...env, [CLUSTER_VARIABLE]: clusterVariable() } : env);
  };
  cluster.setupPrimary = cluster.setupMaster = (settings): void => {
    activateCluster();
    setupPrimary.call(cluster, settings);
  };
  syncBuiltinESMExports();
}

/** Whether there are sockets for workers. */
function activateCluster(): boolean {
  const passed = readActivation();
  if (!passed.activated || socketsForWorkers(passed).length === 0) return lifecycle.workers !== undefined;
  once("begin cluster", () => {
    const isLate = Object.keys(cluster.settings).length > 0 && cluster.schedulingPolicy === cluster.SCHED_RR;
    if (isLate) {
      warn(
        "SOCKACT_PRIMARY",
        "cluster.setupPrimary() was called before sockact was imported: once all workers have died, no other can listen.",
        "Import it first in the primary.",
      );
    }
    // Frozen by Node with the first setupPrimary(). Round robin would have the primary accept, and lose, what no worker lives for.
    cluster.schedulingPolicy = cluster.SCHED_NONE;
    keepHandles(passed.sockets);
    const app = createApp(readSettings({}), true);
    addApp(app);
    handleSignals(app);
    lifecycle.workers = createWorkerPool(app, passed.sockets);
  });
  return true;
}

/** Those that are not served by the primary itself. */
function socketsForWorkers({ sockets }: ActivationResult): ActivationResult["sockets"] {
  return sockets.filter(
    (passedSocket) =>
      isFromSocketUnit(passedSocket) &&
      (!passedSocket.claimed || lifecycle.workers?.served.has(passedSocket.socket.fd)),
  );
}

function clusterVariable(): string {
  return formatClusterVariable(process.pid, socketsForWorkers(readActivation()));
}

/** What fork() gives while the process stops: nothing runs, and nothing happens to it. */
function unstartedWorker(): Worker {
  const child = Object.assign(new ChildProcess(), {
    connected: false,
    send: () => false,
    disconnect: () => {},
  });
  const { Worker: NodeWorker } = cluster as unknown as {
    Worker: new (options: { id: number; process: ChildProcess }) => Worker;
  };
  return new NodeWorker({ id: 0, process: child });
}
