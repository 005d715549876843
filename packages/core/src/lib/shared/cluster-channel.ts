import type { Worker } from "node:cluster";
import process from "node:process";
import { after } from "./timers.ts";

/** The settings of a worker that its primary acts on. */
export interface WorkerSettings {
  /** In milliseconds. */
  drainTimeout: number;
  idleExitStatus: number;
  notify: boolean;
  watchdog: boolean;
}

/** What a worker reports to its primary. */
export type WorkerMessage =
  /** One of its servers listens, and it handles signals from now on. */
  | { act: "listening"; settings: WorkerSettings }
  /** Every `ready` is fulfilled. */
  | { act: "ready" }
  /** It had no connection for its `idleTimeout`, here in milliseconds. */
  | { act: "idle"; timeout: number }
  /** It has been idle, and has a connection again. */
  | { act: "awake" }
  /** Its reload has ended. */
  | { act: "reloaded" }
  /** All its connections have ended; what remains is `onStop`. */
  | { act: "drained" };

/** What a primary tells a worker. */
export type PrimaryMessage =
  | { act: "stop"; signal: NodeJS.Signals | null }
  | { act: "reload" }
  /** It knows that the worker has drained. */
  | { act: "noted" };

/**
 * Node keeps messages whose `cmd` begins so from the app's own `message` listeners, and has an event for them. decisions/008-cluster.md
 * says why this is used.
 */
const MESSAGE_CMD = "NODE_SOCKACT";

interface Channel {
  on(event: "internalMessage", listener: (message: { cmd?: unknown }) => void): unknown;
}

export function sendToPrimary(message: WorkerMessage): void {
  // The primary may have gone, or have been told to disconnect.
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

/** Fulfils once the primary has noted that this worker has drained, has gone, or has not answered for this time, in milliseconds. */
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
