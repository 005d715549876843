import { rejectionText } from "@sockact/shared/texts";
import { errorReason, eventText, type SockactEvent } from "./events.ts";

/** The minimum time between two lines about rejected connections, in milliseconds. */
const INTERVAL = 60_000;

type Rejection = Extract<SockactEvent, { type: "rejected" }>;

/**
 * Logs events about rejected connections, and prevents strangers from filling the journal. The first event is
 * a line with the fix. Later ones are counted, and one line a minute has their number and the last problem.
 *
 * @param write writes one line
 * @param interval in milliseconds
 * @returns a function that logs an event about a rejected connection and returns true, or returns false for
 *   any other event
 */
export function logRejections(
  write: (text: string) => void,
  interval: number = INTERVAL,
): (event: SockactEvent) => boolean {
  let isWaiting = false;
  let last: Rejection | undefined;
  let count = 0;
  const wait = (): void => {
    isWaiting = true;
    setTimeout(writeCount, interval).unref();
  };
  const writeCount = (): void => {
    isWaiting = false;
    if (last === undefined) return;
    write(rejectionText(last.name, last.sender, errorReason(last.error), count));
    last = undefined;
    count = 0;
    wait();
  };
  return (event) => {
    if (event.type !== "rejected") return false;
    if (isWaiting) {
      last = event;
      count++;
    } else {
      write(eventText(event));
      wait();
    }
    return true;
  };
}
