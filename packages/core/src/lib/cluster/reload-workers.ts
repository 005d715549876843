import type { Worker } from "node:cluster";
import { sendToWorker } from "../shared/cluster-channel.ts";
import { ActivationError } from "../shared/errors.ts";
import { after } from "../shared/timers.ts";
import { statusOf } from "./worker-status.ts";

/** How long a worker may take before its reload begins, in milliseconds. The reload itself may take as long as that of a single process. */
const BEGIN_MS = 5000;

/** The reloads that have not ended, by their workers. */
const running = new WeakMap<Worker, { begin(): void; end(): void }>();

/**
 * Reloads the workers that use sockact. Fulfils when each of them has reloaded or ended.
 *
 * @throws ActivationError `ERR_RELOAD_TIMEOUT` if a worker does not begin to reload, because its event loop is blocked
 */
export async function reloadWorkers(workers: ReadonlySet<Worker>): Promise<void> {
  const asked = [...workers].filter((worker) => statusOf(worker).hasReported && worker.isConnected());
  const haveBegun = await Promise.all(asked.map(reloadWorker));
  const blocked = asked.filter((_, index) => !haveBegun[index]).map(({ process: { pid } }) => pid);
  if (blocked.length === 0) return;
  throw new ActivationError(
    "ERR_RELOAD_TIMEOUT",
    `${blocked.length === 1 ? "A worker has" : `${blocked.length} workers have`} not begun to reload within ${BEGIN_MS / 1000} s: process ${blocked.join(", ")}`,
    "Find out what blocks the event loop of the worker. It reloads as soon as its event loop runs again.",
  );
}

/** Fulfils with whether the worker has begun in time, or has ended. */
function reloadWorker(worker: Worker): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (hasBegun: boolean): void => {
      clearTimeout(timer);
      running.delete(worker);
      resolve(hasBegun);
    };
    const timer = after(BEGIN_MS, () => settle(false));
    running.set(worker, { begin: () => clearTimeout(timer), end: () => settle(true) });
    sendToWorker(worker, { act: "reload" });
  });
}

/** Called when the reload of a worker begins. */
export function noteReloadBegins(worker: Worker): void {
  running.get(worker)?.begin();
}

/** Called when the reload of a worker has ended, or the worker has. */
export function noteReloadEnds(worker: Worker): void {
  running.get(worker)?.end();
}
