import cluster from "node:cluster";
import { notify } from "@sockact/notify";
import { isSupervised } from "@sockact/notify/internal";
import { type App, apps, emit } from "./app.ts";

/** Whether a service manager waits for messages of this process. A worker of node:cluster leaves them to its primary. */
export function isNotifyExpected(): boolean {
  return !cluster.isWorker && isSupervised();
}

/** Whether sockact stops, reloads and reports an app. It leaves an app alone that you start yourself. */
export function isManaged({ activated, settings }: App): boolean {
  return activated || (settings.signals ?? false) !== false || (settings.notify && isNotifyExpected());
}

/** Whether the service manager waits for messages, and every app allows them (`notify`). */
export function shouldNotify(): boolean {
  return apps.every(({ settings }) => settings.notify) && isNotifyExpected();
}

/**
 * Sends a message to the service manager, if it waits for one and every app allows it.
 *
 * - true: sent
 * - false: not sent, because nothing waits for it, or an app does not allow it
 * - undefined: could not be sent, which is an `error` event
 */
export async function notifyServiceManager(message: string): Promise<boolean | undefined> {
  if (!shouldNotify()) return false;
  try {
    return await notify(message);
  } catch (error) {
    emit({ type: "error", error });
    return undefined;
  }
}
