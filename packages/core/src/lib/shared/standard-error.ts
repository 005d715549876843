import { writeSync } from "node:fs";
import process from "node:process";

/** Whether a line waits in the queue of process.stderr. Later lines then go into the same queue, so that the order stays. */
let isQueued = false;

/**
 * Writes a line to standard error. The line is written when this function returns, so it is not lost if the process ends at once.
 *
 * The line goes to the descriptor itself. Node creates process.stderr at its first use, which takes milliseconds, and the first client would wait for that.
 * If a non-blocking pipe is full, the rest of the line goes to process.stderr. A line that can't be written at all is dropped: with a full disk, or a
 * reader that has gone, process.stderr would emit an error and end an app that serves its clients.
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
    // The reader of the pipe may close it while the line waits.
    process.stderr.on("error", () => {});
  }
  process.stderr.write(rest);
}
