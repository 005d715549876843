import { readdirSync, readFileSync } from "node:fs";

/**
 * The CPU time of a process and its child processes, in milliseconds, without threads and processes that have
 * ended.
 *
 * The first number of schedstat is the time on a processor, in nanoseconds. The times of proc_pid_stat(5) are
 * in steps of 10 ms.
 */
export function cpuTimeOf(pid: number | string): number {
  const tasks = readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}`);
  const own = tasks.map((task) => Number(readFileSync(`${task}/schedstat`, "utf8").split(" ")[0]) / 1e6);
  const children = tasks.flatMap((task) =>
    readFileSync(`${task}/children`, "utf8").split(" ").filter(Boolean),
  );
  return [...own, ...children.map(cpuTimeOf)].reduce((sum, time) => sum + time, 0);
}
