import process from "node:process";
import { processState } from "./process-state.ts";

/** The process that hands over to this one. */
export interface Predecessor {
  readonly pid: number;
  /** When the first process of the service started, in milliseconds since 1970. */
  readonly firstStart: number;
}

/**
 * The private variable by which a process tells the new process that it hands over to it:
 * `NEW_PID:OLD_PID:TIME`. As with LISTEN_PID of sd_listen_fds(3), the first number is the ID of the new
 * process.
 */
export const PREDECESSOR_VARIABLE = "SOCKACT_PREDECESSOR";

const state = processState("predecessor", { predecessor: readPredecessor() });

/** The process that hands over to this one. Undefined if this process was started in any other way. */
export function predecessor(): Predecessor | undefined {
  return state.predecessor;
}

/** Reads the variable and removes it, because it does not apply to child processes. */
function readPredecessor(): Predecessor | undefined {
  const { env, pid } = process;
  const [, own, old, time] = /^(\d+):(\d+):(\d+)$/.exec(env[PREDECESSOR_VARIABLE] ?? "") ?? [];
  if (own !== String(pid)) return undefined;
  delete env[PREDECESSOR_VARIABLE];
  return { pid: Number(old), firstStart: Number(time) };
}
