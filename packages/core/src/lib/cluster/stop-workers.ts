import cluster, { type Worker } from "node:cluster";
import { GRACE_MS } from "../lifecycle/shutdown.ts";
import { sendToWorker } from "../shared/cluster-channel.ts";
import { after } from "../shared/timers.ts";
import { statusOf } from "./worker-status.ts";

/** Why workers stop: at a signal, or because another primary has taken their place. Otherwise they stop like an idle process. */
export interface WorkersStop {
  signal: NodeJS.Signals | null;
  isReplaced: boolean;
}

export function askToStop(worker: Worker, why: WorkersStop): void {
  if (statusOf(worker).hasReported) sendToWorker(worker, { act: "stop", ...why });
  // Node closes its servers, and the requests that are under way are answered.
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
 * Stops the workers, and waits until all have ended. Kills a worker that has not drained in time. Without a signal, it also kills a worker that has not
 * ended in time. Fulfils with true if a worker had to be killed, or has ended with an error.
 *
 * @param living the running workers. Each worker is removed from this set before the `exit` listeners that are added here.
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
    // A worker that serves without sockact may not end by itself when Node has closed its servers.
    after(drainTimeout, () => killWorkers(living, "SIGTERM", isServingByItself)),
    after(drainTimeout + GRACE_MS, () =>
      killWorkers(living, "SIGKILL", (worker) => !statusOf(worker).isDrained),
    ),
  ];
  // At a signal, TimeoutStopSec= limits its `onStop`.
  if (why.signal === null)
    kills.push(after(2 * (drainTimeout + GRACE_MS), () => killWorkers(living, "SIGKILL", () => true)));
  await allEnded;
  for (const kill of kills) clearTimeout(kill);
  return hasFailed;
}

function killWorkers(
  workers: ReadonlySet<Worker>,
  signal: NodeJS.Signals,
  shouldKill: (worker: Worker) => boolean,
): void {
  for (const worker of workers) if (shouldKill(worker)) worker.process.kill(signal);
}
