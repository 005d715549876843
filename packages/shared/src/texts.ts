// Strings that an app writes to the service manager (STATUS= of sd_notify(3)) and to the journal, and that
// the command line searches for. The command line may be newer than the app, so it also searches the output
// of earlier versions: do not change these strings.

/** The start of each line in the journal. A worker's number follows. */
export const PREFIX = "sockact: ";
/** The start of the line for the error that ends the process. Its code and a colon follow. */
export const FATAL = `${PREFIX}fatal: `;

export const RELOADING = "reloading";
export const RELOADED = "reloaded";
export const RELOAD_FAILED = "the reload failed";
export const HANDOVER_FAILED = "the handover failed, and the old version keeps serving";
/** The process ID of the new process follows. */
export const HANDED_OVER = "handed over to process";
/** The process ID of the old process follows. */
export const TOOK_OVER = "took over from process";

/** Part of the line when a drain begins, between the reason and the number of connections. */
export const DRAINING = ": draining, ";
/** The start of the line when a drain has ended. */
export const DRAINED = "drained";
export const CUT = "drainTimeout is over: ";

/** Part of the message of `SOCKACT_ERR_NAME_UNKNOWN`. The names follow. */
export const NO_SOCKET = "No socket named ";

/** The status while a handover waits for the new process. */
export const STARTING_NEW_VERSION = "Reloading: starting the new version";
/** In the status after a reload of an app without `onReload`. */
export const NOTHING_RELOADED = "nothing was reloaded, as the app has no onReload";
/** Part of the status of a process that took over, if the unit is newer than the service. */
export const UNIT_CHANGED = "the unit has changed since the start";

/**
 * The line about rejected connections: one, or all since the last line, of which it describes the last one.
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
 * Matches a line of {@link rejectionText}. Its groups are the name of the socket and the code of the error.
 */
export const rejection =
  /closed (?:a connection|\d+ more connections?\. The last one was) to (\S+) from .*?: (SOCKACT_ERR_\w+)/s;

/** A text as a sentence. One of another program may end with a full stop, or ask a question. */
export const sentence = (text: string): string => (/[.?!…]$/.test(text) ? text : `${text}.`);
