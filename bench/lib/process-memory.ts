import { readFileSync } from "node:fs";

/** What a process takes, in MB. */
export interface ProcessMemory {
  /** All of its pages in memory. */
  RSS: number;
  /** The pages that no other process has: what one more process adds. */
  own: number;
  /**
   * Its own pages, and its share of those that it has in common with others. The sum over all processes is
   * what they take together.
   */
  PSS: number;
}

/** @param process its folder in /proc */
export function memoryOf(process: string): ProcessMemory {
  const rollup = readFileSync(`${process}/smaps_rollup`, "utf8");
  const inMB = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(rollup)?.[1]) / 1024;
  return { RSS: inMB("Rss"), own: inMB("Private_Clean") + inMB("Private_Dirty"), PSS: inMB("Pss") };
}
