import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { responseOf } from "../shared/node-internals.ts";

/**
 * Ends the session of a socket.io client (Engine.IO) whose long poll is open on this connection. Such a
 * request is always open, so it would delay every stop until `drainTimeout` cuts it. Has no effect on other
 * connections.
 *
 * When the request emits `close`, Engine.IO assumes that the client has disconnected. It ends the session,
 * and answers the request with its close packet. The client then connects again.
 */
export function endLongPoll(stream: Socket): void {
  const response = responseOf(stream);
  if (response && !response.headersSent && isLongPoll(response.req)) response.req.emit("close");
}

/** Whether this request is an open long poll of Engine.IO, which sets `cleanup` during that time. */
function isLongPoll(request: IncomingMessage & { cleanup?: unknown }): boolean {
  const { method, url = "", cleanup } = request;
  return method === "GET" && url.includes("transport=polling") && typeof cleanup === "function";
}
