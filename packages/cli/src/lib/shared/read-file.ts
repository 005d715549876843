import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";

/** Larger than any file that a person writes. */
const MOST_BYTES = 4 * 1024 * 1024;

/** Reads a possibly untrusted file. Throws for pipes and devices, which may never end. */
export function readTextFile(path: string): string {
  return readBytes(path).toString("utf8");
}

/** The text of a file. Empty if it can't be read. */
export function textOrEmpty(path: string): string {
  try {
    return readTextFile(path);
  } catch {
    return "";
  }
}

/** The bytes of a file, read like {@link readTextFile}. With `isLink: false`, a symbolic link is an error. */
export function readBytes(path: string, { isLink = true } = {}): Buffer {
  const flags = (constants.O_NONBLOCK ?? 0) | (isLink ? 0 : (constants.O_NOFOLLOW ?? 0));
  const file = openSync(path, constants.O_RDONLY | flags);
  try {
    const status = fstatSync(file);
    if (!status.isFile()) throw new Error("it is not a regular file");
    if (status.size > MOST_BYTES) throw new Error("it has more than 4 MiB");
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Reads a JSON file like {@link readTextFile}. The error quotes nothing from the file, because root may have
 * been tricked into reading secrets.
 */
export function readJsonFile(path: string): unknown {
  const text = readTextFile(path).replace(/^\uFEFF/, "");
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const [place = ""] = / (?:at position \d+|\(line \d+ column \d+\))/.exec((error as Error).message) ?? [];
    // The cause quotes a part of the file.
    // oxlint-disable-next-line preserve-caught-error
    throw new Error(`it is not valid JSON${place}`);
  }
}
