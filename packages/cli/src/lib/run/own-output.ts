import { fstatSync, statSync, type BigIntStats } from "node:fs";

/**
 * Whether the output of this process and of the command goes into this file, as with `> dev.log` in the
 * shell.
 */
export function isOwnOutput(path: string): boolean {
  // Node 20 and 22 keep plain numbers of a descriptor for the next realpath(), hence bigint.
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
