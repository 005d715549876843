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

/** The response after which each connection closes, while draining: a client that pipelines gets all its answers before the end. */
const lastResponses = new WeakMap<Socket, ServerResponse>();

/** How many requests each connection has brought since the drain began. */
const requestCounts = new WeakMap<Socket, number>();

/**
 * How many requests of one connection are still answered. A client that always sends before it has been answered would otherwise never be told that
 * the connection ends. It has to repeat what it sent after the last of these (RFC 9112, section 9.3.2).
 */
const PIPELINED_MAX = 16;

/** How long a client that pipelines has to notice the end of its connection, in milliseconds, before what it still sends resets it. */
const NOTICE_MS = 1000;

/** Makes every request that comes from now on the last of its connection. */
export function closeAfterNextResponse(server: Server): void {
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    // HTTP/2 has no such header, and refuses it.
    if (request.httpVersionMajor !== 1) return;
    const count = (requestCounts.get(request.socket) ?? 0) + 1;
    requestCounts.set(request.socket, count);
    if (count <= PIPELINED_MAX) closeAfterResponse(response);
  };
  // Only where the app listens: Node acts otherwise as soon as anybody does.
  for (const event of ["request", "checkContinue", "checkExpectation"])
    if (server.listenerCount(event) > 0) server.prependListener(event, onRequest);
}

/**
 * Makes the last of the requests that a connection has sent so far the last of all. A client that pipelines may wait for more than
 * one answer, and Node shows only that whose turn it is.
 */
export function closeAfterPendingResponses(connection: Socket): void {
  const response = responseOf(connection);
  if (response === undefined || lastResponses.has(connection)) return;
  const newest = latestRequestOf(connection);
  if (newest === undefined || newest === response.req) closeAfterResponse(response);
  else response.once("finish", () => closeAfterPendingResponses(connection));
}

/**
 * Makes a response say `Connection: close`, whatever the app says (RFC 9112, section 9.6): a proxy often copies `keep-alive`.
 * Node then closes the connection after it. A response whose headers are out already is left alone.
 */
function closeAfterResponse(response: ServerResponse): void {
  const { req: request, headersSent } = response;
  const { socket } = request;
  lastResponses.set(socket, response);
  if (headersSent) return;
  const { writeHead } = response as { writeHead(this: ServerResponse, ...args: unknown[]): ServerResponse };
  // Patches writeHead of this response. Every way to send headers comes through here, also end() and write() alone.
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
 * Makes a connection close in two steps: closing a socket with unread bytes resets it, and the client may lose the answer (RFC 9112, section 9.6,
 * last paragraph). An upload that is answered before its end is read to the end, and what a client that pipelines goes on sending
 * is read until it has noticed.
 */
function linger(request: IncomingMessage, sendsOn: boolean): void {
  const { socket } = request;
  const { destroySoon } = socket;
  // Any Duplex may be an HTTP connection, and only a net.Socket has this method.
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
