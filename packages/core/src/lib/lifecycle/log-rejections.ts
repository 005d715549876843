import { rejectionText } from "@sockact/shared/texts";
import { errorReason, eventText, type SockactEvent } from "./events.ts";

/** At least this time is between two lines about rejected connections, in milliseconds. */
const INTERVAL = 60_000;

type Rejection = Extract<SockactEvent, { type: "rejected" }>;

/**
 * Writes the events about rejected connections, so that strangers can't fill the journal. The first one is a
 * line that says what to change. Later ones are counted, and one line a minute says how many there were, and
 * what was wrong with the last one.
 *
 * @param write writes one line
 * @param interval in milliseconds
 * @returns takes an event, and returns whether it is about a rejected connection. Others are left to the
 * caller.
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
