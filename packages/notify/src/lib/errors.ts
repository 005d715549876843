/** Every `code` of a {@link NotifyError}. docs/codes/errors.md explains each one. */
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
 * The error if a message can't be sent, or if the service manager would ignore it. It never occurs without a
 * service manager.
 */
export class NotifyError extends Error {
  /** Always `NotifyError`. */
  override readonly name = "NotifyError";
  /** The error code. It does not change between releases. */
  readonly code: NotifyErrorCode;
  /** What to change, for example in the unit. */
  readonly hint: string;

  constructor(code: NotifyErrorCode, message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }
}
