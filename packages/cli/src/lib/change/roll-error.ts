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

/** How the caller can do what a hint says. */
export interface Voice {
  /** How to begin once more: `Call rollingRestart again`. */
  again: string;
  /** How to say that the units belong to the user's own manager: `with user: true`. */
  user: string;
}

/** The voice of the public function. */
export const libraryVoice: Voice = { again: "Call rollingRestart again", user: "with user: true" };

/** The error of `rollingRestart`. */
export class RollingError extends Error {
  /** Always `RollingError`. */
  override readonly name = "RollingError";
  /** Stays the same in later versions. The message may change. */
  readonly code: RollingErrorCode;
  /** What to change. */
  readonly hint: string;
  /**
   * The last lines of the journal of the instance that failed, the oldest first; empty for the other errors.
   */
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
