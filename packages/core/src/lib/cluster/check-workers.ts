import type { Worker } from "node:cluster";
import { NotifyError } from "@sockact/notify";
import { sendToWorker } from "../shared/cluster-channel.ts";
import { after } from "../shared/timers.ts";
import { nameOf, statusOf } from "./worker-status.ts";

/** Called with the answer of a worker, or when it has ended. */
const asked = new WeakMap<Worker, (failure?: string) => void>();

/**
 * Asks each worker with a `healthCheck` whether it is healthy. Resolves if all are. A worker with a blocked
 * event loop does not answer.
 *
 * @param timeout the time limit for a worker, in milliseconds
 * @throws NotifyError `SOCKACT_ERR_WATCHDOG_HEALTH`, with the unhealthy workers
 */
export async function checkWorkers(workers: ReadonlySet<Worker>, timeout: number): Promise<void> {
  const checked = [...workers].filter((worker) => statusOf(worker).checksHealth && worker.isConnected());
  const failures = await Promise.all(checked.map((worker) => checkWorker(worker, timeout)));
  const ill = checked.flatMap((worker, index) =>
    failures[index] === undefined ? [] : `healthCheck() of ${nameOf(worker)} ${failures[index]}`,
  );
  if (ill.length === 0) return;
  throw new NotifyError(
    "SOCKACT_ERR_WATCHDOG_HEALTH",
    ill.join("; "),
    "Without pings, the service manager ends the service after WatchdogSec=, with all its workers. Find out why this worker is not healthy.",
  );
}

function checkWorker(worker: Worker, timeout: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const timer = after(timeout, () => resolve(`has not answered in ${timeout} ms`));
    asked.set(worker, (failure) => {
      clearTimeout(timer);
      resolve(failure);
    });
    sendToWorker(worker, { act: "check" });
  });
}

/** Called when a worker has answered or ended. */
export function noteChecked(worker: Worker, failure?: string): void {
  asked.get(worker)?.(failure);
}
