import { readlinkSync } from "node:fs";
import { isMainThread as isMainThreadOfNode } from "node:worker_threads";

/** Whether this is the main thread. Reading /proc takes less time than loading node:worker_threads. */
export function isMainThread(): boolean {
  try {
    // pid/task/tid: proc_thread_self(5).
    const [pid, , tid] = readlinkSync("/proc/thread-self").split("/");
    return pid === tid;
  } catch {
    return isMainThreadOfNode;
  }
}
