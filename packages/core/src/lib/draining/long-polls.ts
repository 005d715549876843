import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { responseOf } from "../shared/node-internals.ts";

/**
 * Ends the session of a socket.io client (Engine.IO) whose long poll waits on this connection. Such a request
 * is always under way, so it would delay every stop until `drainTimeout` cuts it. Does nothing on any other
 * connection.
 *
 * When the request emits `close`, Engine.IO assumes that the client has gone. It ends the session, and
 * answers the request with the packet that closes the session. The client then connects again.
 */
export function endLongPoll(stream: Socket): void {
  const response = responseOf(stream);
  if (response && !response.headersSent && isLongPoll(response.req)) response.req.emit("close");
}

/** Whether Engine.IO holds this request as a long poll. The request has `cleanup` during that time. */
function isLongPoll(request: IncomingMessage & { cleanup?: unknown }): boolean {
  const { method, url = "", cleanup } = request;
  return method === "GET" && url.includes("transport=polling") && typeof cleanup === "function";
}
