/** The error codes of the command line. docs/codes/errors.md describes each. */
export type CliErrorCode =
  | "SOCKACT_ERR_USAGE"
  | "SOCKACT_ERR_OUTPUT"
  | "SOCKACT_ERR_INTERNAL"
  | "SOCKACT_ERR_LINT_FILE"
  | "SOCKACT_ERR_LINT_CODE"
  | "SOCKACT_ERR_LINT_WRITE"
  | "SOCKACT_ERR_CODE_UNKNOWN"
  | "SOCKACT_ERR_UNIT_UNKNOWN"
  | "SOCKACT_ERR_INVOKER"
  | "SOCKACT_ERR_WRITE"
  | "SOCKACT_ERR_WRITE_EXISTS"
  | "SOCKACT_ERR_APP_FOLDER"
  | "SOCKACT_ERR_APP_MANIFEST"
  | "SOCKACT_ERR_APP_ENTRY"
  | "SOCKACT_ERR_APP_BUILD"
  | "SOCKACT_ERR_BUNDLER"
  | "SOCKACT_ERR_CONFIG_MISSING"
  | "SOCKACT_ERR_CONFIG_SEVERAL"
  | "SOCKACT_ERR_CONFIG_UNSAFE"
  | "SOCKACT_ERR_CONFIG_SYNTAX"
  | "SOCKACT_ERR_CONFIG_FAILED"
  | "SOCKACT_ERR_CONFIG_TIMEOUT"
  | "SOCKACT_ERR_CONFIG_SIZE"
  | "SOCKACT_ERR_CONFIG_INVALID"
  | "SOCKACT_ERR_UNITS_READ"
  | "SOCKACT_ERR_SYSTEMCTL"
  | "SOCKACT_ERR_NO_TERMINAL"
  | "SOCKACT_ERR_CANCELLED"
  | "SOCKACT_ERR_INSTALL_NAME"
  | "SOCKACT_ERR_INSTALL_PLAN"
  | "SOCKACT_ERR_INSTALL_PATH"
  | "SOCKACT_ERR_INSTALL_WRITE"
  | "SOCKACT_ERR_INSTALL_FOREIGN"
  | "SOCKACT_ERR_INSTALL_EDITED"
  | "SOCKACT_ERR_INSTALL_CHANGED"
  | "SOCKACT_ERR_INSTALL_MANIFEST"
  | "SOCKACT_ERR_INSTALL_UNKNOWN"
  | "SOCKACT_ERR_INSTALL_LOCK"
  | "SOCKACT_ERR_INSTALL_LOAD"
  | "SOCKACT_ERR_INSTALL_START"
  | "SOCKACT_ERR_INSTALL_SUDO"
  | "SOCKACT_ERR_INSTALL_INTERRUPTED"
  | "SOCKACT_ERR_INSTALL_UNDO"
  | "SOCKACT_ERR_INSTALL_ROOT"
  | "SOCKACT_ERR_INSTALL_APP"
  | "SOCKACT_ERR_INSTALL_ACCESS"
  | "SOCKACT_ERR_INSTALL_PROXY"
  | "SOCKACT_ERR_JOURNAL"
  | "SOCKACT_ERR_MANAGER_LOG"
  | "SOCKACT_ERR_METRICS"
  | "SOCKACT_ERR_PROVE_MISSING"
  | "SOCKACT_ERR_PROVE_UNSAFE"
  | "SOCKACT_ERR_PROVE_UNAVAILABLE"
  | "SOCKACT_ERR_PROVE_OPTION"
  | "SOCKACT_ERR_PROVE_BASELINE"
  | "SOCKACT_ERR_DRAIN_WAIT"
  | "SOCKACT_ERR_RELOAD"
  | `SOCKACT_ERR_HANDOVER_${string}`
  | "SOCKACT_ERR_RESTART"
  | `SOCKACT_ERR_ROLL_${string}`
  | "SOCKACT_ERR_RUN_OPTION"
  | "SOCKACT_ERR_RUN_ADDRESS"
  | "SOCKACT_ERR_RUN_LISTEN"
  | "SOCKACT_ERR_RUN_COMMAND"
  | "SOCKACT_ERR_RUN_WATCH"
  | "SOCKACT_ERR_RUN_PRELOAD";

/**
 * The exit codes. 3 is systemctl's code for a stopped service, and the doctor's code for its own errors. 70
 * is EX_SOFTWARE of sysexits(3). 126 and 127 are POSIX's codes for a command that can't be executed and one
 * that does not exist. 130 is for Ctrl-C.
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
  /** The error code. It does not change between releases. */
  readonly code: CliErrorCode;
  /** What to change. */
  readonly hint: string;
  readonly exitCode: number;
  /** The code of the failed system call, such as `EADDRINUSE`. */
  readonly errno: string | undefined;

  constructor(
    code: CliErrorCode,
    message: string,
    hint: string,
    {
      exitCode = EXIT.usage,
      errno,
      cause,
    }: { exitCode?: number; errno?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
    this.exitCode = exitCode;
    this.errno = errno;
  }
}
