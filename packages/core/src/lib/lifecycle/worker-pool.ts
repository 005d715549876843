import { processState } from "../shared/process-state.ts";

/** The workers of a cluster whose primary has the passed sockets, for the lifecycle of the primary. */
export interface WorkerPool {
  /** The numbers of the sockets that workers have listened on. */
  readonly served: ReadonlySet<number>;
  /** Whether a worker has ever been ready. */
  readonly haveServed: boolean;
  /** Whether the sockets were announced to a worker. */
  areAnnounced: boolean;
  /** How many workers are running. */
  readonly count: number;
  /** Whether no worker serves, or a serving worker is not idle. Workers that serve nothing do not count. */
  readonly areAwake: boolean;
  /** Ends the process if all serving workers are idle. Called whenever that may have become true. */
  sleepIfAllAreIdle(): void;
  /**
   * Stops each worker as a signal does, and waits until all have ended. Resolves with true if a worker had to
   * be killed, or ended with an error.
   *
   * @param isReplaced whether the workers of another primary already accept
   */
  stop(signal: NodeJS.Signals | null, isReplaced: boolean): Promise<boolean>;
  /**
   * Resolves if each worker with a `healthCheck` is healthy. Rejects if one is not, or has not answered
   * within `timeout` milliseconds.
   */
  checkHealth(timeout: number): Promise<void>;
  /**
   * Reloads each worker. Used as the `onReload` of the primary if a worker has something to reload. Rejects
   * if a worker has not reloaded.
   */
  readonly reload: () => Promise<void>;
}

const workers = processState("workers", { pool: undefined as WorkerPool | undefined });

/**
 * The workers of this process. Undefined unless it is the primary of a cluster whose workers serve the
 * sockets.
 */
export function workerPool(): WorkerPool | undefined {
  return workers.pool;
}

/** Whether the sockets were announced to workers of this process, which may listen on them. */
export function hasWorkers(): boolean {
  return workers.pool?.areAnnounced === true;
}

/** Makes the process wait for these workers, and stop them at its end. */
export function setWorkerPool(pool: WorkerPool): void {
  workers.pool = pool;
}
