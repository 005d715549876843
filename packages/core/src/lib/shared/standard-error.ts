import { writeSync } from "node:fs";
import process from "node:process";

/** Whether a line has had to wait in the queue of process.stderr. Each later one goes into the same queue, so that it comes after that line. */
let isQueued = false;

/**
 * Writes a line to standard error. It is written when this returns, also if the process ends at once.
 *
 * It goes to the descriptor itself. Node makes process.stderr at its first use, which takes milliseconds, and the first client would wait for them. Only
 * what the descriptor can't take now goes to process.stderr: a non-blocking pipe may be full.
 */
export function writeLine(line: string): void {
  let rest: Buffer = Buffer.from(`${line}\n`);
  if (!isQueued) {
    try {
      rest = rest.subarray(writeSync(2, rest));
    } catch {
      // process.stderr reports what is wrong, as to everybody who writes to it.
    }
    if (rest.length === 0) return;
    isQueued = true;
  }
  process.stderr.write(rest);
}
