import { fstatSync, statSync, type BigIntStats } from "node:fs";

/** Whether this file contains the output of this process and the command, as with `> dev.log` in a shell. */
export function isOwnOutput(path: string): boolean {
  // bigint, because of a bug in Node 20 and 22: after an fstat() with plain numbers, they use its result for
  // the next realpath().
  let file: BigIntStats;
  try {
    file = statSync(path, { bigint: true });
  } catch {
    return false;
  }
  return [1, 2].some((fd) => {
    const output = fstatSync(fd, { bigint: true });
    return output.dev === file.dev && output.ino === file.ino;
  });
}
