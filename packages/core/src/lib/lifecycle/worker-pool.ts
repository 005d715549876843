import { processState } from "../shared/process-state.ts";

/** The workers of a cluster whose primary was given the sockets, as the lifecycle of the primary sees them. */
export interface WorkerPool {
  /** The sockets that workers have listened on, by number. */
  readonly served: ReadonlySet<number>;
  /** Whether a worker has ever been ready. */
  readonly haveServed: boolean;
  /** Whether a worker was ever told of the sockets. */
  areAnnounced: boolean;
  /** How many workers are running. */
  readonly count: number;
  /** Whether no worker is running, or not all of them are idle. */
  readonly areAwake: boolean;
  /** Stops each worker as a signal does, and waits until all have ended. Fulfils with whether one had to be killed, or has ended with an error. */
  stop(signal: NodeJS.Signals | null): Promise<boolean>;
}

const workers = processState("workers", { pool: undefined as WorkerPool | undefined });

/** The workers of this process; undefined unless it is the primary of a cluster whose workers serve the sockets. */
export function workerPool(): WorkerPool | undefined {
  return workers.pool;
}

/** Whether workers of this process have been told of the sockets, and may listen on them. */
export function hasWorkers(): boolean {
  return workers.pool?.areAnnounced === true;
}

/** Makes these the workers that this process waits for, and stops at its end. */
export function setWorkerPool(pool: WorkerPool): void {
  workers.pool = pool;
}
