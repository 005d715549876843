import { writeSync } from "node:fs";
import process from "node:process";

/** Whether a line has had to wait in the queue of process.stderr. Each later one goes into the same queue, so that it comes after that line. */
let isQueued = false;

/**
 * Writes a line to standard error. It is written when this returns, also if the process ends at once.
 *
 * It goes to the descriptor itself. Node makes process.stderr at its first use, which takes milliseconds, and the first client would wait for them. Only
 * what a full non-blocking pipe can't take now goes to process.stderr. A line that can't be written at all is dropped: with a full disk or a reader that
 * has gone, process.stderr would emit an error, and end an app that serves its clients.
 */
export function writeLine(line: string): void {
  let rest: Buffer = Buffer.from(`${line}\n`);
  if (!isQueued) {
    try {
      rest = rest.subarray(writeSync(2, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return;
    }
    if (rest.length === 0) return;
    isQueued = true;
    // The reader of the pipe may go while the line waits.
    process.stderr.on("error", () => {});
  }
  process.stderr.write(rest);
}
