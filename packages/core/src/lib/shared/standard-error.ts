import { fstatSync, writeSync } from "node:fs";
import process from "node:process";

/** The priority of a line, as in syslog(3). */
export type Priority = 3 | 4 | 6;
/** The priority of failures. */
export const ERROR = 3;
/** The priority of what an administrator may have to change. */
export const WARNING = 4;
/** The priority of all other lines, which have no prefix. */
export const INFO = 6;

/** Whether standard error is a journal stream. Undefined until first needed. */
let journal: boolean | undefined;

/**
 * Whether standard error is the journal stream in JOURNAL_STREAM: systemd.exec(5). The app may have replaced
 * it by a file.
 */
export function isJournal(): boolean {
  return (journal ??= findJournal());
}

function findJournal(): boolean {
  const { JOURNAL_STREAM } = process.env;
  if (!JOURNAL_STREAM) return false;
  try {
    const { dev, ino } = fstatSync(2, { bigint: true });
    return JOURNAL_STREAM === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

/**
 * Prefixes each line with the priority, as in sd-daemon(3). The journal removes it, unless the unit has
 * SyslogLevelPrefix=no.
 */
function withPriority(text: string, priority: Priority): string {
  return priority === INFO || !isJournal() ? text : text.replaceAll(/^/gm, `<${priority}>`);
}

/**
 * Whether a line waits in the queue of process.stderr. Later lines then use the same queue, to keep the
 * order.
 */
let isQueued = false;

/**
 * Writes a line to standard error synchronously, so it is not lost if the process ends at once.
 *
 * The line is written to the descriptor. Node creates process.stderr at its first use, which takes
 * milliseconds, and the first client would wait for that. If a non-blocking pipe is full, the rest of the
 * line goes to process.stderr. A line that can't be written at all is dropped: with a full disk, or a closed
 * reader, process.stderr would emit an error and end an app that serves its clients.
 */
export function writeLine(line: string, priority: Priority = INFO): void {
  let rest: Buffer = Buffer.from(`${withPriority(line, priority)}\n`);
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
