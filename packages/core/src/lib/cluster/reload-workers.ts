import type { Worker } from "node:cluster";
import { sendToWorker } from "../shared/cluster-channel.ts";
import { statusOf } from "./worker-status.ts";

/** Emitted on a worker when its reload has ended. */
const RELOADED = "sockact:reloaded";

/** Reloads the workers that use sockact. Fulfils when each of them has reloaded or ended. */
export async function reloadWorkers(workers: ReadonlySet<Worker>): Promise<void> {
  await Promise.all(
    [...workers]
      .filter((worker) => statusOf(worker).hasReported && worker.isConnected())
      .map((worker) => {
        const reloaded = new Promise<void>((resolve) => {
          for (const event of [RELOADED, "disconnect"]) worker.once(event, () => resolve());
        });
        sendToWorker(worker, { act: "reload" });
        return reloaded;
      }),
  );
}

/** Tells `reloadWorkers()` that the reload of this worker has ended. */
export function emitReloaded(worker: Worker): void {
  worker.emit(RELOADED);
}
