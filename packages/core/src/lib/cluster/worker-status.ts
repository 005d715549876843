import type { Worker } from "node:cluster";

/** What the primary knows of one worker. */
export interface WorkerStatus {
  /** The sockets that it listens on, by number. */
  readonly listensOn: Set<number>;
  /** Whether it has sent a message: it uses sockact, and handles signals and reloads. */
  hasReported: boolean;
  /** Whether every `ready` of it is fulfilled. */
  isReady: boolean;
  /** Whether all its connections have ended. */
  isDrained: boolean;
  /** Its `idleTimeout`, in milliseconds, while it is idle. */
  idleTimeout: number | undefined;
}

const statuses = new WeakMap<Worker, WorkerStatus>();

/** The status of a worker, which starts empty. It stays readable after the worker has ended. */
export function statusOf(worker: Worker): WorkerStatus {
  let status = statuses.get(worker);
  if (status === undefined) {
    status = {
      listensOn: new Set(),
      hasReported: false,
      isReady: false,
      isDrained: false,
      idleTimeout: undefined,
    };
    statuses.set(worker, status);
  }
  return status;
}
