import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { responseOf } from "../shared/node-internals.ts";

/**
 * Ends the session of a socket.io client (Engine.IO) whose long poll waits on this connection, as a WebSocket gets a close frame. Such a request is always
 * under way, so it would delay every stop until it is cut. Does nothing on any other connection.
 *
 * Engine.IO takes the request's `close` event for a client that has gone: it ends the session, and in doing so answers the request with the packet that
 * closes the session. The client then connects again.
 */
export function endLongPoll(stream: Socket): void {
  const response = responseOf(stream);
  if (response && !response.headersSent && isLongPoll(response.req)) response.req.emit("close");
}

/** Whether Engine.IO holds this request. Its `cleanup` is there while it does. */
function isLongPoll(request: IncomingMessage & { cleanup?: unknown }): boolean {
  const { method, url = "", cleanup } = request;
  return method === "GET" && url.includes("transport=polling") && typeof cleanup === "function";
}
