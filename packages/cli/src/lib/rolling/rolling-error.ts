/** What can go wrong in a rolling restart. docs/errors.md has a line for each. */
export type RollingErrorCode =
  | "ERR_ROLL_NAME"
  | "ERR_ROLL_UNITS"
  | "ERR_ROLL_SOCKET"
  | "ERR_ROLL_RELOAD"
  | "ERR_ROLL_LOCK"
  | "ERR_ROLL_SYSTEMCTL"
  | "ERR_ROLL_START"
  | "ERR_ROLL_STOP"
  | "ERR_ROLL_LOST";

/** The hint where another call goes on from whatever this one has left. */
export const CALL_AGAIN = "call rollingRestart again; it repairs what this call has left";

/** Thrown by `rollingRestart`. */
export class RollingError extends Error {
  override readonly name = "RollingError";
  /** Which error it is, for good; the message may change. */
  readonly code: RollingErrorCode;
  /** What to change. */
  readonly hint: string;
  /** The last lines of the journal of the instance that failed, the oldest first; empty for the other errors. */
  readonly journal: readonly string[];

  constructor(
    code: RollingErrorCode,
    message: string,
    hint: string,
    { journal = [], cause }: { journal?: readonly string[] | undefined; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
    this.journal = journal;
  }
}
