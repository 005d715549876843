/** Every `code` that a {@link NotifyError} can have. docs/errors.md has a line for each. */
export type NotifyErrorCode =
  | "ERR_NOTIFY_STATE"
  | "ERR_NOTIFY_SOCKET"
  | "ERR_NOTIFY_PATH"
  | "ERR_NOTIFY_ACCESS"
  | "ERR_NOTIFY_UNSUPPORTED"
  | "ERR_NOTIFY_SEND"
  | "ERR_NOTIFY_WORKER_THREAD"
  | "ERR_WATCHDOG_ENVIRONMENT"
  | "ERR_WATCHDOG_HEALTH";

/**
 * A message could not be sent to the service manager, or would not be heard.
 *
 * A process without a service manager gets no error.
 */
export class NotifyError extends Error {
  override readonly name = "NotifyError";
  /** Stable across releases. */
  readonly code: NotifyErrorCode;
  /** What to change, and where. */
  readonly hint: string;

  constructor(code: NotifyErrorCode, message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }
}
