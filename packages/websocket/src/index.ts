export { keepWebSockets, type KeepWebSocketsOptions } from "./keep-web-sockets.ts";
export { WebSocketMoveError, type WebSocketMoveErrorCode } from "./errors.ts";
export { ActivationError } from "@sockact/core/adapter";
