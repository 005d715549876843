import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";

/** More than any file has that a person has written. */
const MOST_BYTES = 4 * 1024 * 1024;

/** Reads a file that somebody else may have put there: a pipe would never end, and a device neither. Throws an error that says in words why not. */
export function readTextFile(path: string): string {
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const status = fstatSync(file);
    if (!status.isFile()) throw new Error("it is not a regular file");
    if (status.size > MOST_BYTES) throw new Error("it has more than 4 MiB");
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}
