import type {
  IncomingMessage,
  OutgoingHttpHeader,
  OutgoingHttpHeaders,
  Server,
  ServerResponse,
} from "node:http";
import type { Socket } from "node:net";
import { latestRequestOf, responseOf } from "../shared/node-internals.ts";

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[] | readonly [string, OutgoingHttpHeader][];

/**
 * The response after which each connection closes during a drain. A pipelining client gets all its responses
 * before that.
 */
const lastResponses = new WeakMap<Socket, ServerResponse>();

/** The listeners that make each request of a draining server the last one of its connection. */
const listeners = new WeakMap<Server, (request: IncomingMessage, response: ServerResponse) => void>();

/** The number of requests on each connection since the drain began. */
const requestCounts = new WeakMap<Socket, number>();

/**
 * How many requests of one connection are still answered during a drain. Without this limit, a client that
 * always sends its next request before it has a response would never learn that the connection ends. It must
 * resend the requests after the last of these (RFC 9112, section 9.3.2).
 */
const PIPELINED_MAX = 16;

/**
 * How long a pipelining client has to notice that the connection ends, in milliseconds. After that, further
 * requests reset the connection.
 */
const NOTICE_MS = 1000;

/**
 * Makes each further request the last one of its connection.
 *
 * @param stays whether a connection stays open anyway
 */
export function closeAfterNextResponse(server: Server, stays: (connection: Socket) => boolean): void {
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    // HTTP/2 does not allow this header.
    if (request.httpVersionMajor !== 1 || stays(request.socket)) return;
    const count = (requestCounts.get(request.socket) ?? 0) + 1;
    requestCounts.set(request.socket, count);
    if (count <= PIPELINED_MAX) closeAfterResponse(response);
  };
  listeners.set(server, onRequest);
  // Only for events that the app listens to, because a listener changes Node's default behavior.
  for (const event of ["request", "checkContinue", "checkExpectation"])
    if (server.listenerCount(event) > 0) server.prependListener(event, onRequest);
}

/**
 * The same for a request that sockact answers itself, without an event. Has no effect if the server is not
 * draining.
 */
export function prepareLastResponse(
  server: object,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  listeners.get(server as Server)?.(request, response);
}

/**
 * Makes the newest request of a connection its last one. A pipelining client may wait for several responses,
 * and Node shows only the one that is being sent.
 */
export function closeAfterPendingResponses(connection: Socket): void {
  const response = responseOf(connection);
  if (response === undefined || lastResponses.has(connection)) return;
  const newest = latestRequestOf(connection);
  if (newest === undefined || newest === response.req) closeAfterResponse(response);
  else response.once("finish", () => closeAfterPendingResponses(connection));
}

/**
 * Makes a response have `Connection: close`, even if the app sets that header (RFC 9112, section 9.6): a
 * proxy often copies `keep-alive`. Node then closes the connection after the response. A response whose
 * headers were already sent is unchanged.
 */
function closeAfterResponse(response: ServerResponse): void {
  const { req: request, headersSent } = response;
  const { socket } = request;
  lastResponses.set(socket, response);
  if (headersSent) return;
  const { writeHead } = response as { writeHead(this: ServerResponse, ...args: unknown[]): ServerResponse };
  // Patches writeHead of this response. Node always calls it to send headers, also for end() and write().
  response.writeHead = function (this: ServerResponse, ...args: unknown[]): ServerResponse {
    if (lastResponses.get(socket) !== response) return writeHead.apply(this, args);
    const at = args.findIndex((arg) => typeof arg === "object" && arg !== null);
    if (at === -1) this.setHeader("Connection", "close");
    else args[at] = withClose(this, args[at] as Headers);
    linger(request, (requestCounts.get(socket) ?? 0) >= PIPELINED_MAX);
    return writeHead.apply(this, args);
  };
}

/**
 * Makes a connection close in two steps. Closing a socket with unread bytes would reset it, and the client
 * may lose the response (RFC 9112, section 9.6, last paragraph). So an upload that was answered early is read
 * to its end, and further requests of a pipelining client are read until the client has noticed that the
 * connection ends.
 */
function linger(request: IncomingMessage, sendsOn: boolean): void {
  const { socket } = request;
  const { destroySoon } = socket;
  // An HTTP connection may be any Duplex, but only net.Socket has this method.
  if (typeof destroySoon !== "function") return;
  // Patches destroySoon of this connection.
  socket.destroySoon = function (this: Socket): void {
    const isUpload = !request.complete && !request.destroyed;
    if (!isUpload && !sendsOn) return destroySoon.call(this);
    this.end();
    if (isUpload) {
      request.once("end", () => destroySoon.call(this)).resume();
      return;
    }
    const noticed = setTimeout(() => this.destroy(), NOTICE_MS);
    this.once("end", () => this.destroy()).once("close", () => clearTimeout(noticed));
  };
}

function withClose(response: ServerResponse, headers: Headers): Headers {
  if (!Array.isArray(headers)) {
    response.setHeader("Connection", "close");
    return Object.fromEntries(Object.entries(headers).filter(([name]) => !isConnection(name)));
  }
  if (Array.isArray(headers[0])) {
    const pairs = headers as [string, OutgoingHttpHeader][];
    return [...pairs.filter(([name]) => !isConnection(name)), ["Connection", "close"]];
  }
  const isOfConnection = (_: unknown, index: number): boolean => isConnection(headers[index - (index % 2)]);
  return [...headers.filter((value, index) => !isOfConnection(value, index)), "Connection", "close"];
}

function isConnection(name: unknown): boolean {
  return String(name).toLowerCase() === "connection";
}
