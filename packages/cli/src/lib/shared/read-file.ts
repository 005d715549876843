import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";

/** Larger than any file that a person writes. */
const MOST_BYTES = 4 * 1024 * 1024;

/** Reads a file that may be untrusted. It refuses pipes and devices, which may never end, and throws an error with the reason. */
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
