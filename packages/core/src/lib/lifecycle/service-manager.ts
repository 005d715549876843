import cluster from "node:cluster";
import { isSupervised, notify } from "@sockact/notify";
import { type App, emit, lifecycle } from "./app.ts";

/** Whether a service manager waits for messages of this process. A worker of node:cluster leaves them to its primary. */
export function isNotifyExpected(): boolean {
  return !cluster.isWorker && isSupervised();
}

/** Whether sockact stops, reloads and reports an app. It leaves an app alone that you start yourself. */
export function isManaged({ activated, settings }: App): boolean {
  return activated || (settings.signals ?? false) !== false || (settings.notify && isNotifyExpected());
}

/** Whether the app lets us tell the service manager, and it asks. */
export function shouldNotify(): boolean {
  return lifecycle.apps.every(({ settings }) => settings.notify) && isNotifyExpected();
}

/**
 * Tells the service manager. False: nothing was to be told. Undefined: the message could not be sent, which is an `error` event.
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
