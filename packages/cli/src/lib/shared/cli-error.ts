/** What can go wrong on the command line. docs/errors.md has a line for each. */
export type CliErrorCode =
  | "ERR_USAGE"
  | "ERR_OUTPUT"
  | "ERR_SYSTEMCTL"
  | "ERR_CODE_UNKNOWN"
  | "ERR_UNIT_UNKNOWN"
  | "ERR_RUN_OPTION"
  | "ERR_RUN_ADDRESS"
  | "ERR_RUN_LISTEN"
  | "ERR_RUN_COMMAND"
  | "ERR_RUN_WATCH"
  | "ERR_RUN_PRELOAD";

/** What the shell gets. 3 is of `sockact doctor`, whose 1 and 2 say what it has found. 126 and 127 are those of POSIX for a command that can't be run, and for one that isn't there. */
export const EXIT = { failed: 1, usage: 2, notExamined: 3, notExecutable: 126, notFound: 127 } as const;

/** Ends `sockact` with a message, a hint and an exit code. */
export class CliError extends Error {
  override readonly name = "CliError";
  /** Which error it is, for good; the message may change. */
  readonly code: CliErrorCode;
  /** What to change. */
  readonly hint: string;
  readonly exitCode: number;

  constructor(
    code: CliErrorCode,
    message: string,
    hint: string,
    { exitCode = EXIT.usage, cause }: { exitCode?: number; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
    this.exitCode = exitCode;
  }
}
