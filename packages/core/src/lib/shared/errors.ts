import { isOwnError } from "./own-error.ts";
import { exitAtUncaughtErrors } from "./uncaught-errors.ts";

/** Each `code` of an {@link ActivationError}. docs/codes/errors.md explains each one. */
export type ActivationErrorCode =
  | "SOCKACT_ERR_LISTEN_PID"
  | "SOCKACT_ERR_LISTEN_PIDFDID"
  | "SOCKACT_ERR_LISTEN_FDS"
  | "SOCKACT_ERR_LISTEN_FDNAMES"
  | "SOCKACT_ERR_FD_NOT_OPEN"
  | "SOCKACT_ERR_NOT_ACTIVATED"
  | "SOCKACT_ERR_NAME_UNKNOWN"
  | "SOCKACT_ERR_SOCKET_CLAIMED"
  | "SOCKACT_ERR_SOCKET_DATAGRAM"
  | "SOCKACT_ERR_SOCKET_CONNECTED"
  | "SOCKACT_ERR_SOCKET_STREAM"
  | "SOCKACT_ERR_SOCKET_FAMILY"
  | "SOCKACT_ERR_SOCKET_OUTPUT"
  | "SOCKACT_ERR_SOCKET_UNBOUND"
  | "SOCKACT_ERR_SOCKET_UNSUPPORTED"
  | "SOCKACT_ERR_TLS"
  | "SOCKACT_ERR_TLS_FILE"
  | "SOCKACT_ERR_CLUSTER_WORKER"
  | "SOCKACT_ERR_PROXY_HEADER"
  | "SOCKACT_ERR_WORKER_THREAD"
  | "SOCKACT_ERR_BUN"
  | "SOCKACT_ERR_DENO"
  | "SOCKACT_ERR_VERSIONS"
  | "SOCKACT_ERR_TOO_MANY_FILES"
  | "SOCKACT_ERR_FILES_REPLACED"
  | "SOCKACT_ERR_NODE_INTERNALS"
  | "SOCKACT_ERR_PERMISSION"
  | "SOCKACT_ERR_OPTION"
  | "SOCKACT_ERR_HANDOVER_UNSUPPORTED"
  | "SOCKACT_ERR_HANDOVER_EXITED"
  | "SOCKACT_ERR_HANDOVER_TIMEOUT"
  | "SOCKACT_ERR_HANDOVER_SOCKETS"
  | "SOCKACT_ERR_HANDOVER_CONNECTIONS"
  | "SOCKACT_ERR_RELOAD_TIMEOUT"
  | "SOCKACT_ERR_RELOAD_WORKER"
  | "SOCKACT_ERR_STOP_TIMEOUT"
  | "SOCKACT_ERR_WORKER_KILLED"
  | "SOCKACT_ERR_EXIT_STATUS"
  | "SOCKACT_ERR_EXIT_DRAINING"
  | "SOCKACT_ERR_START_FAILED";

/**
 * The error if sockets were passed but something is wrong with them, with the options, or with this Node.
 *
 * No passed sockets are an error only if `required` is set. No error closes a file descriptor.
 *
 * - `code` identifies the error: docs/codes/errors.md has a section for each.
 * - `message` says what is wrong, and what was seen.
 * - `hint` says what to change.
 * - `cause` is Node's original error, if there is one.
 */
export class ActivationError extends Error {
  /** The name of the class. Copies of the package use the same name. */
  override readonly name = "ActivationError";
  /** Errors of other copies of the package are instances too. */
  static override [Symbol.hasInstance](error: unknown): boolean {
    return isActivationError(error);
  }
  /** The error code. It does not change between releases. */
  readonly code: ActivationErrorCode;
  /** What to change, and where: one or more sentences. */
  readonly hint: string;
  /**
   * The negative errno that sd_listen_fds(3) returns for the same environment. Errors that libsystemd does
   * not have, have no `errno`.
   */
  declare readonly errno?: number;
  /**
   * With `SOCKACT_ERR_DENO` and `SOCKACT_ERR_BUN`: what this runtime can't do.
   *
   * - `sockets`: listen on a passed stream socket
   * - `datagram`: bind a socket of node:dgram to a passed one
   * - `connection`: serve a passed connection (`Accept=yes`)
   * - `tls`: use TLS on a passed socket
   * - `proxyProtocol`: read PROXY headers
   * - `cluster`: listen on a passed socket in a worker of node:cluster
   * - `permission`: look at the passed descriptors, with the permissions that it has
   * - `handover`: the option `handover`
   * - `signals`: the option `signals: "first"`
   */
  declare readonly limit?:
    | "sockets"
    | "datagram"
    | "connection"
    | "tls"
    | "proxyProtocol"
    | "cluster"
    | "permission"
    | "handover"
    | "signals";

  constructor(
    code: ActivationErrorCode,
    message: string,
    hint: string,
    options: ErrorOptions & { errno?: number | undefined } = {},
  ) {
    super(message, options);
    exitAtUncaughtErrors();
    this.code = code;
    this.hint = hint;
    if (options.errno !== undefined) this.errno = options.errno;
  }
}

/** Whether this is an ActivationError, possibly of another copy of the package. */
export function isActivationError(error: unknown): error is ActivationError {
  return isOwnError(error);
}

export function notActivated(reason: string, but?: string): ActivationError {
  return new ActivationError(
    "SOCKACT_ERR_NOT_ACTIVATED",
    `No socket was passed to this process (${reason})${but === undefined ? "" : `, and ${but}`}`,
    "Start the socket unit instead of the service, for example systemctl start app.socket, and connect to it. Without units, run systemd-socket-activate -l 3000 node app.js.",
  );
}
