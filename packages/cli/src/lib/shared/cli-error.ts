/** The error codes of the command line. docs/errors.md describes each. */
export type CliErrorCode =
  | "ERR_USAGE"
  | "ERR_OUTPUT"
  | "ERR_INTERNAL"
  | "ERR_LINT_FILE"
  | "ERR_LINT_CODE"
  | "ERR_LINT_WRITE"
  | "ERR_CODE_UNKNOWN"
  | "ERR_UNIT_UNKNOWN"
  | "ERR_INVOKER"
  | "ERR_WRITE"
  | "ERR_WRITE_EXISTS"
  | "ERR_APP_FOLDER"
  | "ERR_APP_MANIFEST"
  | "ERR_APP_ENTRY"
  | "ERR_APP_BUILD"
  | "ERR_CONFIG_MISSING"
  | "ERR_CONFIG_SEVERAL"
  | "ERR_CONFIG_UNSAFE"
  | "ERR_CONFIG_SYNTAX"
  | "ERR_CONFIG_FAILED"
  | "ERR_CONFIG_TIMEOUT"
  | "ERR_CONFIG_SIZE"
  | "ERR_CONFIG_INVALID"
  | "ERR_UNITS_READ"
  | "ERR_SYSTEMCTL"
  | "ERR_NO_TERMINAL"
  | "ERR_CANCELLED"
  | "ERR_INSTALL_NAME"
  | "ERR_INSTALL_PLAN"
  | "ERR_INSTALL_PATH"
  | "ERR_INSTALL_WRITE"
  | "ERR_INSTALL_FOREIGN"
  | "ERR_INSTALL_EDITED"
  | "ERR_INSTALL_CHANGED"
  | "ERR_INSTALL_MANIFEST"
  | "ERR_INSTALL_UNKNOWN"
  | "ERR_INSTALL_LOCK"
  | "ERR_INSTALL_LOAD"
  | "ERR_INSTALL_START"
  | "ERR_INSTALL_SUDO"
  | "ERR_INSTALL_INTERRUPTED"
  | "ERR_INSTALL_UNDO"
  | "ERR_INSTALL_ROOT"
  | "ERR_INSTALL_APP"
  | "ERR_INSTALL_ACCESS"
  | "ERR_JOURNAL"
  | "ERR_DRAIN_WAIT"
  | "ERR_RELOAD"
  | `ERR_HANDOVER_${string}`
  | "ERR_RESTART"
  | `ERR_ROLL_${string}`
  | "ERR_RUN_OPTION"
  | "ERR_RUN_ADDRESS"
  | "ERR_RUN_LISTEN"
  | "ERR_RUN_COMMAND"
  | "ERR_RUN_WATCH"
  | "ERR_RUN_PRELOAD";

/**
 * The exit codes. 3 is systemctl's code for a service that does not run, and the doctor's code for its own errors. 70 is EX_SOFTWARE of sysexits(3).
 * 126 and 127 are POSIX's codes for a command that can't be executed and for one that does not exist. 130 stands for Ctrl-C.
 */
export const EXIT = {
  failed: 1,
  usage: 2,
  inactive: 3,
  notExamined: 3,
  internal: 70,
  notExecutable: 126,
  notFound: 127,
  interrupted: 130,
} as const;

/** Ends `sockact` with a message, a hint and an exit code. */
export class CliError extends Error {
  override readonly name = "CliError";
  /** Stays the same in later versions. The message may change. */
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
