import cluster from "node:cluster";
import { notify } from "@sockact/notify";
import { isSupervised } from "@sockact/notify";
import { isWaitingToServe } from "../activation/serving.ts";
import { load } from "../shared/load.ts";
import { processState } from "../shared/process-state.ts";
import { type App, apps, emit } from "./app.ts";

const mainProcess = processState("main process", {
  /** Whether another process has become the main process of the service. */
  isReplaced: false,
  /** Sends a message. Undefined until this process may have to. */
  send: undefined as typeof notify | undefined,
});

/**
 * Loads the code that sends messages, if a service manager expects them. Later, its file may have been
 * replaced, or there may be no free descriptor: decisions/014.
 */
export function prepareToNotify(): void {
  if (!isNotifyExpected()) return;
  // Another copy of this package may send the messages. Its own code tells this one whether it is watched.
  load(notify);
  mainProcess.send ??= notify;
}

/**
 * Called when another process has become the main process of the service. Further messages of this one would
 * be wrong.
 */
export function stopNotifying(): void {
  mainProcess.isReplaced = true;
}

/**
 * Whether a service manager expects messages from this process. In a cluster, the primary sends them for its
 * workers.
 */
export function isNotifyExpected(): boolean {
  return !cluster.isWorker && isSupervised();
}

/**
 * Whether sockact stops, reloads and reports an app. It does not do that with an app that you start yourself.
 */
export function isManaged({ activated, settings }: App): boolean {
  return activated || (settings.signals ?? false) !== false || (settings.notify && isNotifyExpected());
}

/** Whether the service manager expects messages from this process, and every app allows them (`notify`). */
export function shouldNotify(): boolean {
  // During a handover, only one process is the main process.
  if (mainProcess.isReplaced || isWaitingToServe()) return false;
  return apps.every(({ settings }) => settings.notify) && isNotifyExpected();
}

/**
 * Sends a message to the service manager, if it expects one and every app allows it.
 *
 * - Resolves with true if the message was sent.
 * - Resolves with false if nothing expects the message, or an app does not allow it.
 * - Resolves with undefined if the message could not be sent. An `error` event reports that.
 */
export async function notifyServiceManager(message: string): Promise<boolean | undefined> {
  if (!shouldNotify()) return false;
  try {
    return await (mainProcess.send ?? notify)(message);
  } catch (error) {
    emit({ type: "error", error });
    return undefined;
  }
}
