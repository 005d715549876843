import type { Worker } from "node:cluster";
import { emit } from "../lifecycle/app.ts";
import { noteLateReload } from "../lifecycle/reload.ts";
import { sendToWorker } from "../shared/cluster-channel.ts";
import { ActivationError } from "../shared/errors.ts";
import { after } from "../shared/timers.ts";
import { nameOf, statusOf } from "./worker-status.ts";

/**
 * The time limit for a worker to begin its reload, in milliseconds. The reload itself may take as long as
 * that of a single process.
 */
const BEGIN_MS = 5000;

/**
 * The result of a worker's reload. `late` if it has not begun in time. A worker that has ended counts as
 * `done`.
 */
type Outcome = "done" | "failed" | "late";

/** The running reloads, by worker. */
const running = new WeakMap<Worker, { begin(): void; end(outcome: Outcome): void }>();

/** The workers that were late in the last reload, if no other worker failed. */
const late = new Set<Worker>();

/**
 * Reloads the workers that use sockact. Resolves when each of them has reloaded or ended.
 *
 * @throws ActivationError `SOCKACT_ERR_RELOAD_TIMEOUT` if a worker does not begin to reload, because its
 *   event loop is blocked or it is not ready. `SOCKACT_ERR_RELOAD_WORKER` if the reload of a worker failed.
 *   If both happen, an `error` event reports the first one.
 */
export async function reloadWorkers(workers: ReadonlySet<Worker>): Promise<void> {
  late.clear();
  for (const worker of workers) statusOf(worker).mustReload = !statusOf(worker).hasReported;
  const asked = [...workers].filter((worker) => statusOf(worker).hasReported && worker.isConnected());
  const outcomes = await Promise.all(asked.map(reloadWorker));
  const blocked = asked.filter((_, index) => outcomes[index] === "late");
  const failed = asked.filter((_, index) => outcomes[index] === "failed");
  if (blocked.length > 0) {
    const error = new ActivationError(
      "SOCKACT_ERR_RELOAD_TIMEOUT",
      `${blocked.length === 1 ? "A worker has" : `${blocked.length} workers have`} not begun to reload within ${BEGIN_MS / 1000} s: ${blocked.map(nameOf).join(", ")}`,
      "Find out why the worker is not ready yet, or what blocks its event loop. It reloads as soon as it is ready and its event loop runs.",
    );
    if (failed.length > 0) emit({ type: "error", error });
    else {
      for (const worker of blocked) late.add(worker);
      throw error;
    }
  }
  if (failed.length > 0)
    throw new ActivationError(
      "SOCKACT_ERR_RELOAD_WORKER",
      `The reload of ${failed.length === 1 ? "a worker" : `${failed.length} workers`} has failed: ${failed.map(nameOf).join(", ")}`,
      "The lines of that worker in the journal, above this one, say why. Correct that, and reload again.",
    );
}

function reloadWorker(worker: Worker): Promise<Outcome> {
  return new Promise((resolve) => {
    const end = (outcome: Outcome): void => {
      clearTimeout(timer);
      running.delete(worker);
      resolve(outcome);
    };
    const timer = after(BEGIN_MS, () => end("late"));
    running.set(worker, { begin: () => clearTimeout(timer), end });
    sendToWorker(worker, { act: "reload" });
  });
}

/**
 * Reloads a worker that reports after it has missed a reload. The primary's reload does not wait for that,
 * because the worker may never report.
 */
export function reloadIfMissed(worker: Worker): void {
  const status = statusOf(worker);
  if (status.mustReload) sendToWorker(worker, { act: "reload" });
  status.mustReload = false;
}

/** Called when the reload of a worker begins. */
export function noteReloadBegins(worker: Worker): void {
  running.get(worker)?.begin();
}

/** Called when the reload of a worker has ended, or the worker has. */
export function noteReloadEnds(worker: Worker, failed: boolean): void {
  running.get(worker)?.end(failed ? "failed" : "done");
  // After a failure, the reload stays failed.
  if (!failed && late.delete(worker) && late.size === 0) void noteLateReload();
}
