import process from "node:process";
import { processState } from "./process-state.ts";

/** The process that hands over to this one. */
export interface Predecessor {
  readonly pid: number;
  /** When the first process of the service was started, in milliseconds since 1970. */
  readonly firstStart: number;
}

/** The private variable in which a process names itself to the process to which it hands over, and the launcher names itself: `PID:TIME:LAUNCHER`. */
export const PREDECESSOR_VARIABLE = "SOCKACT_PREDECESSOR";

const state = processState("predecessor", { predecessor: readPredecessor() });

/** The process that hands over to this one. Undefined in a process that the service manager, or anything else, has started. */
export function predecessor(): Predecessor | undefined {
  return state.predecessor;
}

/**
 * Reads the private variable, and removes it. The process that hands over can't know the ID of the new process before it starts it. So the new process
 * writes its own ID into the variables that name the process which they are for: sd_listen_fds(3), sd_watchdog_enabled(3), systemd.exec(5).
 */
function readPredecessor(): Predecessor | undefined {
  const { env, pid, ppid } = process;
  const [, old, time, parent] = /^(\d+):(\d+):(\d+)$/.exec(env[PREDECESSOR_VARIABLE] ?? "") ?? [];
  // A variable of any other process is left over.
  if (parent !== String(ppid)) return undefined;
  delete env[PREDECESSOR_VARIABLE];
  for (const name of ["LISTEN_PID", "SYSTEMD_EXEC_PID"]) env[name] = String(pid);
  if (env["WATCHDOG_PID"] !== undefined) env["WATCHDOG_PID"] = String(pid);
  return { pid: Number(old), firstStart: Number(time) };
}
