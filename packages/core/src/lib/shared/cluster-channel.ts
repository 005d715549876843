import type { Worker } from "node:cluster";
import process from "node:process";
import { after } from "./timers.ts";

/** The settings of a worker that its primary needs. */
export interface WorkerSettings {
  /** In milliseconds. */
  drainTimeout: number;
  idleExitStatus: number;
  notify: boolean;
  watchdog: boolean;
  handover: boolean;
  /** In milliseconds. */
  handoverTimeout: number;
  /** Whether the worker has a `healthCheck`. */
  checksHealth: boolean;
  /** Whether a reload has an effect: the worker has `onReload` or files of `tls`. */
  reloads: boolean;
}

/** The messages from a worker to its primary. */
export type WorkerMessage =
  /** A server of the worker listens, and the worker handles signals. */
  | { act: "listening"; settings: WorkerSettings }
  /** Every `onListen` of the worker is fulfilled. `fds` are the numbers of the sockets that it serves. */
  | { act: "ready"; fds: readonly number[] }
  /** The worker had no connection for its `idleTimeout`, in milliseconds. */
  | { act: "idle"; timeout: number }
  /** The worker was idle, and has a connection again. */
  | { act: "awake" }
  /** The worker serves nothing, and its first `keepAwake()` was called, or its last one released. */
  | { act: "held" | "released" }
  /** The reload of the worker begins: its event loop is not blocked. */
  | { act: "reloading" }
  /**
   * The reload of the worker has ended. Workers with other versions of this package may not report a failure.
   */
  | { act: "reloaded"; failed?: boolean }
  /** The answer to `check`. `failure` is how a `healthCheck` failed, or undefined for a healthy worker. */
  | { act: "checked"; failure?: string }
  /** A record for the journal: fields, as in `sendRecord()`. */
  | { act: "record"; fields: string }
  /** All connections of the worker have ended. Only `onStop` remains. */
  | { act: "drained" };

/** The messages from a primary to a worker. */
export type PrimaryMessage =
  | { act: "stop"; signal: NodeJS.Signals | null; isReplaced: boolean }
  /** The workers may accept, because those of the old primary no longer do. */
  | { act: "serve" }
  | { act: "reload" }
  /** The primary is about to send a watchdog ping, and asks whether the worker is healthy. */
  | { act: "check" }
  /** The primary has recorded that the worker has drained. */
  | { act: "noted" };

/**
 * Node does not emit `message` for messages whose `cmd` begins with `NODE_`, but another event, so the app
 * does not see them. See decisions/008-cluster.md.
 */
export const MESSAGE_CMD = "NODE_SOCKACT";

interface Channel {
  on(event: "internalMessage", listener: (message: { cmd?: unknown }) => void): unknown;
}

export function sendToPrimary(message: WorkerMessage): void {
  // The primary may have ended, or disconnected this worker.
  if (process.connected) process.send?.({ cmd: MESSAGE_CMD, ...message }, undefined, undefined, () => {});
}

export function sendToWorker(worker: Worker, message: PrimaryMessage): void {
  if (worker.isConnected())
    worker.process.send({ cmd: MESSAGE_CMD, ...message }, undefined, undefined, () => {});
}

export function onPrimaryMessage(listener: (message: PrimaryMessage) => void): void {
  onMessage(process as unknown as Channel, listener);
}

export function onWorkerMessage(worker: Worker, listener: (message: WorkerMessage) => void): void {
  onMessage(worker.process as unknown as Channel, listener);
}

/**
 * Resolves when the primary has recorded that this worker has drained, when the primary has ended, or after
 * `timeout` milliseconds.
 */
export async function untilNoted(self: Worker, timeout: number): Promise<void> {
  if (!self.isConnected()) return;
  let giveUp: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    giveUp = after(timeout, resolve);
    self.once("disconnect", resolve);
    onPrimaryMessage(({ act }) => {
      if (act === "noted") resolve();
    });
  });
  clearTimeout(giveUp);
}

function onMessage<T>(channel: Channel, listener: (message: T) => void): void {
  channel.on("internalMessage", (message) => {
    if (message.cmd === MESSAGE_CMD) listener(message as T);
  });
}
