import { readlinkSync } from "node:fs";
import { isMainThread as isMainThreadOfNode } from "node:worker_threads";

/** Whether this is the main thread of the process. The kernel says so at less cost than node:worker_threads, which is loaded only where /proc is missing. */
export function isMainThread(): boolean {
  try {
    // pid/task/tid: proc_thread_self(5).
    const [pid, , tid] = readlinkSync("/proc/thread-self").split("/");
    return pid === tid;
  } catch {
    return isMainThreadOfNode;
  }
}
