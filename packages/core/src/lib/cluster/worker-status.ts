import type { Worker } from "node:cluster";

/** Returns `worker 2 (process 123)`. */
export function nameOf({ id, process: { pid } }: Worker): string {
  return `worker ${id} (process ${pid})`;
}

/** What the primary knows about one worker. */
export interface WorkerStatus {
  /** The numbers of the sockets that the worker listens on. */
  readonly listensOn: Set<number>;
  /**
   * Whether a server of the worker listens by means of sockact. Then the worker handles signals and reloads.
   */
  hasReported: boolean;
  /**
   * Whether the worker must reload as soon as it has reported, because a reload came before that, and the
   * worker may have read its settings already.
   */
  mustReload: boolean;
  /** Whether every `onListen` of the worker is fulfilled. */
  isReady: boolean;
  /** Whether all connections of the worker have ended. */
  isDrained: boolean;
  /** The `idleTimeout` of the worker in milliseconds, while it is idle. Undefined while it is not. */
  idleTimeout: number | undefined;
  /** Whether the worker has a `healthCheck`. */
  checksHealth: boolean;
  /** Releases the `keepAwake()` of the primary for a worker that serves nothing and holds. */
  release: (() => void) | undefined;
}

const statuses = new WeakMap<Worker, WorkerStatus>();

/** The status of a worker. It can still be read after the worker has ended. */
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
