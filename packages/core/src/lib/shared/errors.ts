/** Every `code` that an {@link ActivationError} can have. docs/errors.md has a line for each. */
export type ActivationErrorCode =
  | "ERR_LISTEN_PID"
  | "ERR_LISTEN_PIDFDID"
  | "ERR_LISTEN_FDS"
  | "ERR_LISTEN_FDNAMES"
  | "ERR_FD_NOT_OPEN"
  | "ERR_NOT_ACTIVATED"
  | "ERR_NAME_UNKNOWN"
  | "ERR_SOCKET_TAKEN"
  | "ERR_SOCKET_DATAGRAM"
  | "ERR_SOCKET_CONNECTED"
  | "ERR_SOCKET_STREAM"
  | "ERR_SOCKET_FAMILY"
  | "ERR_SOCKET_OUTPUT"
  | "ERR_SOCKET_UNBOUND"
  | "ERR_SOCKET_UNSUPPORTED"
  | "ERR_TLS"
  | "ERR_TLS_FILE"
  | "ERR_WORKER_THREAD"
  | "ERR_BUN"
  | "ERR_NODE_INTERNALS"
  | "ERR_PERMISSION"
  | "ERR_OPTION"
  | "ERR_STOP_TIMEOUT"
  | "ERR_EXIT_STATUS";

/**
 * Activation was meant for this process but can't be used as it is.
 *
 * Not being activated is not an error, unless `required` is set. Whatever the error, no file descriptor has been closed.
 */
export class ActivationError extends Error {
  override readonly name = "ActivationError";
  /** Stable across releases. */
  readonly code: ActivationErrorCode;
  /** What to change, and where. */
  readonly hint: string;
  /**
   * What sd_listen_fds(3) returns for the same environment: a negative errno, as in the errors of Node's system calls.
   * Absent from errors that libsystemd does not have.
   */
  declare readonly errno?: number;

  constructor(
    code: ActivationErrorCode,
    message: string,
    hint: string,
    options: ErrorOptions & { errno?: number | undefined } = {},
  ) {
    super(message, options);
    this.code = code;
    this.hint = hint;
    if (options.errno !== undefined) this.errno = options.errno;
  }
}

/** Whether this is an ActivationError, of whichever copy of the package. */
export function isActivationError(error: unknown): error is ActivationError {
  return error instanceof Error && error.name === "ActivationError" && "hint" in error;
}

export function notActivated(reason: string, but?: string): ActivationError {
  return new ActivationError(
    "ERR_NOT_ACTIVATED",
    `No socket was passed to this process (${reason})${but === undefined ? "" : `, and ${but}`}`,
    "Start the socket unit instead of the service, for example systemctl start app.socket, and connect to it. Without units, run systemd-socket-activate -l 3000 node app.js.",
  );
}
