import { readFileSync } from "node:fs";

const allowed = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync("/proc/self/status", "utf8"))![1]!;

/** The first and the last of the cores that this process may use: a list such as `0-3,6`. */
const CORES = { server: /^\d+/.exec(allowed)![0], load: /\d+$/.exec(allowed)![0] };

/** Wraps `command`: it runs on one core only, in the same process. */
export function pinned(to: keyof typeof CORES, command: readonly string[]): string[] {
  return ["taskset", "--cpu-list", CORES[to], ...command];
}
