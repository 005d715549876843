// The fields of the records that sockact writes to the journal, beside its lines of text: sd_journal_print(3).
// A record has no MESSAGE, so journalctl shows it only with `--output=json` or `--output=verbose`. journald
// adds the fields that an app can't choose, such as `_SYSTEMD_UNIT` and `_PID`.

/** The name of the descriptor that leads to the journal's socket: `FileDescriptorName` of `OpenFile=`. */
export const JOURNAL = "journal";
/** The socket of sd_journal_send(3). */
export const JOURNAL_SOCKET = "/run/systemd/journal/socket";

/** The priority of the line beside the record, as in syslog(3). */
export const PRIORITY = "PRIORITY";
/** The `type` of the event, such as `drained`. `warning` and `fatal` are not events of `onEvent`. For the command line:
 * `command`. */
export const EVENT = "SOCKACT_EVENT";
/** The code of the error or warning, such as `SOCKACT_ERR_STOP_TIMEOUT`. */
export const CODE = "SOCKACT_CODE";
/** The name of the app. Only the command line writes it; an app's records have `_SYSTEMD_UNIT`. */
export const APP = "SOCKACT_APP";
/** `success` or `failure`, for `reloaded` and `handover`, and for a command. */
export const RESULT = "SOCKACT_RESULT";
/** How long the reload, handover, drain or command took, in microseconds. */
export const DURATION = "SOCKACT_DURATION_USEC";
/** `ready`, `drained` or `unhealthy`, for `health`. */
export const STATE = "SOCKACT_STATE";
/** The number of open connections, for `draining`. */
export const CONNECTIONS = "SOCKACT_CONNECTIONS";
/** The number of connections that were cut, for `drained`. */
export const CUT_CONNECTIONS = "SOCKACT_CONNECTIONS_CUT";
/** The number of connections that were moved to the new process, for `drained` after a handover. */
export const MOVED_CONNECTIONS = "SOCKACT_CONNECTIONS_MOVED";
/** The number of rejected connections since the last record, for `rejected`. */
export const REJECTED_CONNECTIONS = "SOCKACT_CONNECTIONS_REJECTED";
/** The number of the worker of node:cluster that the record is about. Its primary writes it. */
export const WORKER = "SOCKACT_WORKER";
/** Metrics of the app in Prometheus' text format, for the event `metrics`. */
export const METRICS = "SOCKACT_METRICS";
/** The command, such as `restart`, for a record of the command line. */
export const COMMAND = "SOCKACT_COMMAND";
