import cluster, { type Worker } from "node:cluster";
import { syncBuiltinESMExports } from "node:module";
import process from "node:process";
import { CLUSTER_VARIABLE } from "../activation/cluster-variable.ts";
import { isStopping } from "../lifecycle/stopping.ts";
import { once } from "../shared/process-state.ts";
import {
  activateCluster,
  announceToWorker,
  prepareScheduling,
  unstartedWorker,
} from "../cluster/activate-cluster.ts";

// A primary may only import sockact before its first fork(). Without systemd's variables, nothing is patched
// or loaded.
if (process.env["LISTEN_FDS"] !== undefined && cluster.isPrimary) once("wrap cluster", wrapCluster);

/** Patches node:cluster. Its first use then shares the passed sockets with the workers. */
function wrapCluster(): void {
  // Patches cluster.fork, setupPrimary and setupMaster.
  const { fork, setupPrimary } = cluster;
  cluster.fork = (env?: object): Worker => {
    // Otherwise the usual `cluster.on("exit", () => cluster.fork())` would never end.
    if (isStopping()) return unstartedWorker();
    return fork.call(cluster, activateCluster() ? { ...env, [CLUSTER_VARIABLE]: announceToWorker() } : env);
  };
  cluster.setupPrimary = cluster.setupMaster = (settings): void => {
    prepareScheduling();
    setupPrimary.call(cluster, settings);
  };
  syncBuiltinESMExports();
}
