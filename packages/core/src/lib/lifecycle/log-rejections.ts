import { errorReason, eventText, type SockactEvent } from "./events.ts";

/** At least this time is between two lines about rejected connections, in milliseconds. */
const INTERVAL = 60_000;

type Rejection = Extract<SockactEvent, { type: "rejected" }>;

/**
 * Writes the events about rejected connections, so that strangers can't fill the journal. The first one is a line that says what to change. Later ones are
 * counted, and one line a minute says how many there were, and what was wrong with the last one.
 *
 * @param write writes one line
 * @param interval in milliseconds
 */
export function logRejections(
  write: (text: string) => void,
  interval: number = INTERVAL,
): (rejection: Rejection) => void {
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
    write(countText(count, last));
    last = undefined;
    count = 0;
    wait();
  };
  return (rejection) => {
    if (isWaiting) {
      last = rejection;
      count++;
    } else {
      write(eventText(rejection));
      wait();
    }
  };
}

function countText(count: number, { name, sender = "an unknown client", error }: Rejection): string {
  return `closed ${count} more connection${count === 1 ? "" : "s"}. The last one was to ${name} from ${sender}: ${errorReason(error)}`;
}
