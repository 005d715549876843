// What an app tells the service manager (STATUS= of sd_notify(3)) and the journal, and the command line reads
// there. Both sides use this file. The command line may be newer than the app, so it finds these words in
// what an earlier version has written too: do not change them.

/** What each line in the journal begins with. The line of a worker has its number next. */
export const PREFIX = "sockact: ";
/** What the line of the error that ends the process begins with. Its code is next, and a colon. */
export const FATAL = `${PREFIX}fatal: `;

export const RELOADING = "reloading";
export const RELOADED = "reloaded";
export const RELOAD_FAILED = "the reload failed";
export const HANDOVER_FAILED = "the handover failed, and the old version keeps serving";
/** The process ID of the new process is next. */
export const HANDED_OVER = "handed over to process";
/** The process ID of the old process is next. */
export const TOOK_OVER = "took over from process";

/** In the line of a drain that begins. Why it does is before, and what is left is next. */
export const DRAINING = ": draining, ";
/** What the line of a drain that has ended begins with: nothing was cut, or something. */
export const DRAINED = "drained";
export const CUT = "drainTimeout is over: ";

/** In the message of `SOCKACT_ERR_NAME_UNKNOWN`. The names are next. */
export const NO_SOCKET = "No socket named ";

/** The status while a handover waits for the new process. */
export const STARTING_NEW_VERSION = "Reloading: starting the new version";
/** In the status after a reload of an app without `onReload`. */
export const NOTHING_RELOADED = "nothing was reloaded, as the app has no onReload";
/** In the status of a process that took over, if the unit is newer than the service. */
export const UNIT_CHANGED = "the unit has changed since the start";

/**
 * A line about rejected connections: about one, or about those since the last line, of which it describes the
 * last one.
 */
export function rejectionText(
  name: string,
  sender: string | undefined,
  reason: string,
  count?: number,
): string {
  const what =
    count === undefined
      ? "closed a connection"
      : `closed ${count} more connection${count === 1 ? "" : "s"}. The last one was`;
  return `${what} to ${name} from ${sender ?? "an unknown client"}: ${reason}`;
}

/**
 * Finds a line of {@link rejectionText}. Its first group is the name of the socket, and its second the code
 * of the error.
 */
export const rejection =
  /closed (?:a connection|\d+ more connections?\. The last one was) to (\S+) from .*?: (SOCKACT_ERR_\w+)/s;
