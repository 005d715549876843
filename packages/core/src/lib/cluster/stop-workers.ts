import cluster, { type Worker } from "node:cluster";
import { emit } from "../lifecycle/app.ts";
import { GRACE_MS } from "../lifecycle/shutdown.ts";
import { sendToWorker } from "../shared/cluster-channel.ts";
import { ActivationError } from "../shared/errors.ts";
import { after } from "../shared/timers.ts";
import { nameOf, statusOf } from "./worker-status.ts";

/**
 * Why workers stop: on a signal, or because another primary has replaced theirs. Otherwise they stop like an
 * idle process.
 */
export interface WorkersStop {
  signal: NodeJS.Signals | null;
  isReplaced: boolean;
}

export function askToStop(worker: Worker, why: WorkersStop): void {
  if (statusOf(worker).hasReported) sendToWorker(worker, { act: "stop", ...why });
  // Node closes its servers, and open requests are answered.
  else if (isServingByItself(worker) && worker.isConnected()) worker.disconnect();
  // It serves nothing, or nothing yet.
  else worker.process.kill("SIGTERM");
}

/** Whether the worker listens on a socket of the primary without sockact. */
function isServingByItself(worker: Worker): boolean {
  const { hasReported, listensOn } = statusOf(worker);
  return !hasReported && listensOn.size > 0;
}

/**
 * Stops the workers, and waits until all have ended. Kills a worker that has not drained in time. Without a
 * signal, also kills a worker that has not ended in time. Resolves with true if a worker had to be killed, or
 * ended with an error.
 *
 * @param living the running workers. Each worker is removed from this set before the `exit` listeners that
 *   are added here.
 * @param drainTimeout the longest `drainTimeout` of the workers, in milliseconds
 */
export async function stopWorkers(
  living: ReadonlySet<Worker>,
  why: WorkersStop,
  drainTimeout: number,
): Promise<boolean> {
  let hasFailed = false;
  const allEnded = new Promise<void>((resolve) => {
    if (living.size === 0) resolve();
    cluster.on("exit", (worker, code, killedBy) => {
      // SIGTERM may end a worker that has not loaded sockact yet. That is not a failure.
      hasFailed ||= killedBy === "SIGKILL" || (code !== 0 && statusOf(worker).hasReported);
      if (living.size === 0) resolve();
    });
  });
  for (const worker of living) askToStop(worker, why);
  // A worker cuts its connections itself after `drainTimeout`, unless its event loop is blocked.
  const kills = [
    // A worker without sockact may not end by itself after Node has closed its servers.
    after(drainTimeout, () => {
      for (const worker of living) if (isServingByItself(worker)) worker.process.kill("SIGTERM");
    }),
    after(drainTimeout + GRACE_MS, () =>
      killWorkers(
        [...living].filter((worker) => !statusOf(worker).isDrained),
        drainTimeout + GRACE_MS,
      ),
    ),
  ];
  // On a signal, TimeoutStopSec= limits its `onStop`.
  if (why.signal === null)
    kills.push(
      after(2 * (drainTimeout + GRACE_MS), () => killWorkers([...living], 2 * (drainTimeout + GRACE_MS))),
    );
  await allEnded;
  for (const kill of kills) clearTimeout(kill);
  return hasFailed;
}

/** @param waited how long they have not ended, in milliseconds */
function killWorkers(workers: readonly Worker[], waited: number): void {
  if (workers.length === 0) return;
  emit({
    type: "error",
    error: new ActivationError(
      "SOCKACT_ERR_WORKER_KILLED",
      `Killed ${workers.map(nameOf).join(", ")}, which did not end in ${waited / 1000} s`,
      "Find out what blocks its event loop, or what its onStop waits for. If it only needs longer, raise drainTimeout (SOCKACT_DRAIN_TIMEOUT overrides it).",
    ),
  });
  for (const worker of workers) worker.process.kill("SIGKILL");
}
