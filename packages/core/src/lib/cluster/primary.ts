import cluster, { type Worker } from "node:cluster";
import { syncBuiltinESMExports } from "node:module";
import process from "node:process";
import { CLUSTER_VARIABLE } from "../activation/cluster-variable.ts";
import { isStopping } from "../lifecycle/stopping.ts";
import { once } from "../shared/process-state.ts";
import { activateCluster, announceToWorker, prepareScheduling, unstartedWorker } from "./activate-cluster.ts";

// An import comes before the first fork(), and may be all that a primary has of us. Without the variables nothing is touched, or loaded.
if (process.env["LISTEN_FDS"] !== undefined && cluster.isPrimary) once("wrap cluster", wrapCluster);

/** Makes the first use of node:cluster share the passed sockets with the workers. */
function wrapCluster(): void {
  // Patches cluster.fork, setupPrimary and setupMaster.
  const { fork, setupPrimary } = cluster;
  cluster.fork = (env?: object): Worker => {
    // The usual `cluster.on("exit", () => cluster.fork())` would never end.
    if (isStopping()) return unstartedWorker();
    return fork.call(cluster, activateCluster() ? { ...env, [CLUSTER_VARIABLE]: announceToWorker() } : env);
  };
  cluster.setupPrimary = cluster.setupMaster = (settings): void => {
    prepareScheduling();
    setupPrimary.call(cluster, settings);
  };
  syncBuiltinESMExports();
}
