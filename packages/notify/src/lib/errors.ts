/** Every `code` that a {@link NotifyError} can have. docs/errors.md has a line for each. */
export type NotifyErrorCode =
  | "SOCKACT_ERR_NOTIFY_STATE"
  | "SOCKACT_ERR_NOTIFY_SOCKET"
  | "SOCKACT_ERR_NOTIFY_PATH"
  | "SOCKACT_ERR_NOTIFY_ACCESS"
  | "SOCKACT_ERR_NOTIFY_UNSUPPORTED"
  | "SOCKACT_ERR_NOTIFY_SEND"
  | "SOCKACT_ERR_NOTIFY_WORKER_THREAD"
  | "SOCKACT_ERR_WATCHDOG_ENVIRONMENT"
  | "SOCKACT_ERR_WATCHDOG_HEALTH";

/**
 * A message could not be sent to the service manager, or the service manager would ignore it. A process
 * without a service manager gets no such error.
 */
export class NotifyError extends Error {
  /** Always `NotifyError`. */
  override readonly name = "NotifyError";
  /** The code of the error. It stays the same in later versions, while the message may change. */
  readonly code: NotifyErrorCode;
  /** What to change, for example in the unit. */
  readonly hint: string;

  constructor(code: NotifyErrorCode, message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }
}
