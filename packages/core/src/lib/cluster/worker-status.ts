import type { Worker } from "node:cluster";

/** Returns `worker 2 (process 123)`. */
export function nameOf({ id, process: { pid } }: Worker): string {
  return `worker ${id} (process ${pid})`;
}

/** The primary's data about a worker. */
export interface WorkerStatus {
  /** The numbers of the sockets that the worker listens on. */
  readonly listensOn: Set<number>;
  /** Whether a server of the worker listens through sockact. The worker then handles signals and reloads. */
  hasReported: boolean;
  /**
   * Whether the worker must reload when it reports, because it may have read its settings before a reload.
   */
  mustReload: boolean;
  /** Whether every `onListen` of the worker is fulfilled. */
  isReady: boolean;
  /** Whether all connections of the worker have ended. */
  isDrained: boolean;
  /** The `idleTimeout` of an idle worker in milliseconds, otherwise undefined. */
  idleTimeout: number | undefined;
  /** Whether the worker has a `healthCheck`. */
  checksHealth: boolean;
  /** Releases the primary's `keepAwake()` for a worker that serves nothing and has called `keepAwake()`. */
  release: (() => void) | undefined;
}

const statuses = new WeakMap<Worker, WorkerStatus>();

/** The status of a worker, available even after the worker has ended. */
export function statusOf(worker: Worker): WorkerStatus {
  let status = statuses.get(worker);
  if (status === undefined) {
    status = {
      listensOn: new Set(),
      hasReported: false,
      mustReload: false,
      isReady: false,
      isDrained: false,
      checksHealth: false,
      idleTimeout: undefined,
      release: undefined,
    };
    statuses.set(worker, status);
  }
  return status;
}
