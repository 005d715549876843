import cluster from "node:cluster";
import { isSupervised, notify } from "@sockact/notify";
import { emit, lifecycle } from "./apps.ts";

/** Whether a service manager waits for messages of this process. A worker of node:cluster leaves them to its primary. */
export function managerAsks(): boolean {
  return !cluster.isWorker && isSupervised();
}

/** Whether the app lets us tell the service manager, and it asks. */
export function isNotifying(): boolean {
  return lifecycle.apps.every(({ settings }) => settings.notify) && managerAsks();
}

/**
 * Tells the service manager. False: nothing was to be told. Undefined: the message could not be sent, which is an `error` event.
 */
export async function tellManager(message: string): Promise<boolean | undefined> {
  if (!isNotifying()) return false;
  try {
    return await notify(message);
  } catch (error) {
    emit({ type: "error", error });
    return undefined;
  }
}
