import { readdirSync, readFileSync } from "node:fs";

/**
 * The CPU time of a process and of the processes that it has started, in milliseconds. Threads and processes
 * that have ended do not count.
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
