import process from "node:process";
import { processState } from "./process-state.ts";

/** The process that hands over to this one. */
export interface Predecessor {
  readonly pid: number;
  /** When the first process of the service was started, in milliseconds since 1970. */
  readonly firstStart: number;
}

/**
 * The private variable in which a process names itself to the process that it starts to hand over to:
 * `OWN_PID:OLD_PID:TIME`. The first is the ID of the new process, as in LISTEN_PID of sd_listen_fds(3).
 */
export const PREDECESSOR_VARIABLE = "SOCKACT_PREDECESSOR";

const state = processState("predecessor", { predecessor: readPredecessor() });

/**
 * The process that hands over to this one. Undefined in a process that the service manager, or anything else,
 * has started.
 */
export function predecessor(): Predecessor | undefined {
  return state.predecessor;
}

/** Reads the variable, and removes it, because the child processes of this process are not meant. */
function readPredecessor(): Predecessor | undefined {
  const { env, pid } = process;
  const [, own, old, time] = /^(\d+):(\d+):(\d+)$/.exec(env[PREDECESSOR_VARIABLE] ?? "") ?? [];
  if (own !== String(pid)) return undefined;
  delete env[PREDECESSOR_VARIABLE];
  return { pid: Number(old), firstStart: Number(time) };
}
