import { inspect } from "node:util";

/** Each `code` of a {@link WebSocketMoveError}. docs/codes/errors.md explains each one. */
export type WebSocketMoveErrorCode =
  | "SOCKACT_ERR_WEBSOCKET_STATE"
  | "SOCKACT_ERR_WEBSOCKET_CHANGED"
  | "SOCKACT_ERR_WEBSOCKET_RESTORE"
  | "SOCKACT_ERR_WEBSOCKET_MOVED";

/**
 * The error if a WebSocket can't move, or if a message can't follow it.
 *
 * - `SOCKACT_ERR_WEBSOCKET_STATE`: its state is not JSON, or is too large, or `save` has failed. The WebSocket
 *   closes with 1001.
 * - `SOCKACT_ERR_WEBSOCKET_CHANGED`: the new version of the app does not accept it as it is. It closes with
 *   1001.
 * - `SOCKACT_ERR_WEBSOCKET_RESTORE`: `restore` has thrown, and it closes with 1001. Or its promise has rejected, or
 *   is still pending after 30 s, and it closes with 1011.
 * - `SOCKACT_ERR_WEBSOCKET_MOVED`: the old process has sent a message that can't follow the WebSocket to the
 *   new one. The callback of `send()` gets this error.
 */
export class WebSocketMoveError extends Error {
  override readonly name = "WebSocketMoveError";
  /** The error code. It does not change between releases. */
  readonly code: WebSocketMoveErrorCode;

  constructor(code: WebSocketMoveErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What a function of the app has thrown, for a message. */
export const failureOf = (what: string, thrown: unknown): string =>
  `${what} has failed: ${thrown instanceof Error ? String(thrown) : inspect(thrown)}`;
