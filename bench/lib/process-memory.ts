import { readFileSync } from "node:fs";

/** The memory of a process, in MB. */
export interface ProcessMemory {
  /** All of its pages in memory. */
  RSS: number;
  /** The pages of this process only: what one more process adds. */
  own: number;
  /** Its own pages, and its share of common pages. The sum over all processes is their total. */
  PSS: number;
}

/** @param process its folder in /proc */
export function memoryOf(process: string): ProcessMemory {
  const rollup = readFileSync(`${process}/smaps_rollup`, "utf8");
  const inMB = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(rollup)?.[1]) / 1024;
  return { RSS: inMB("Rss"), own: inMB("Private_Clean") + inMB("Private_Dirty"), PSS: inMB("Pss") };
}
