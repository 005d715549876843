/** The codes of {@link ProveError}. docs/codes/errors.md describes each. */
export type ProveErrorCode =
  /** Nothing can be tried on this machine. The message says what is missing. */
  | "SOCKACT_ERR_PROVE_UNAVAILABLE"
  /** `sockact install` has refused the app. The message and the hint are those of install. */
  | "SOCKACT_ERR_PROVE_INSTALL"
  /** A command of `with` has failed, or does not listen. */
  | "SOCKACT_ERR_PROVE_WITH"
  /** A budget, a check, a format or a folder that does not exist, or a value in a wrong form. */
  | "SOCKACT_ERR_PROVE_OPTION"
  /** The file of the baseline can't be read, or is not a report. */
  | "SOCKACT_ERR_PROVE_BASELINE";

/** The app could not be tried. If a promise is broken, the report says so instead. */
export class ProveError extends Error {
  override readonly name = "ProveError";
  readonly code: ProveErrorCode;
  /** What to change. */
  readonly hint: string;

  constructor(code: ProveErrorCode, message: string, hint: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }
}
