/** The error codes of a rolling restart. docs/codes/errors.md describes each. */
export type RollingErrorCode =
  | "SOCKACT_ERR_ROLL_NAME"
  | "SOCKACT_ERR_ROLL_UNITS"
  | "SOCKACT_ERR_ROLL_SOCKET"
  | "SOCKACT_ERR_ROLL_RELOAD"
  | "SOCKACT_ERR_ROLL_LOCK"
  | "SOCKACT_ERR_ROLL_SYSTEMCTL"
  | "SOCKACT_ERR_ROLL_START"
  | "SOCKACT_ERR_ROLL_STOP"
  | "SOCKACT_ERR_ROLL_LOST";

/** Words for hints, which depend on the caller. */
export interface Voice {
  /** How to try again: `Call rollingRestart again`. */
  again: string;
  /** How to select the user's service manager: `with user: true`. */
  user: string;
}

/** The words for callers of the function. */
export const libraryVoice: Voice = { again: "Call rollingRestart again", user: "with user: true" };

/** The error of `rollingRestart`. */
export class RollingError extends Error {
  /** Always `RollingError`. */
  override readonly name = "RollingError";
  /** The error code. It does not change between releases. */
  readonly code: RollingErrorCode;
  /** What to change. */
  readonly hint: string;
  /** The last journal lines of the failed instance, the oldest first. Empty for other errors. */
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
