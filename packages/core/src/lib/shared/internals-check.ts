import { createServer, type IncomingMessage, ServerResponse } from "node:http";
import { Server, Socket } from "node:net";
import { constants } from "node:os";
import process from "node:process";
import { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { ActivationError } from "./errors.ts";
import { listsConnections, openSockets } from "./node-connections.ts";
import {
  handshakeOf,
  hasIncoming,
  type ListenHandle,
  ownerSymbolOf,
  responseOf,
  type ServerInternals,
  speaksHttp,
} from "./node-internals.ts";
import { isBun, isDeno } from "./runtime.ts";
import { processState } from "./process-state.ts";

/** The Node internals that a server needs. */
export type Part = "listen" | "net" | "http" | "tls" | "proxy";

/** The missing names of each checked part. */
const checked = processState("internals", new Map<Part, string[]>());

/**
 * Checks that this Node has the internals that sockact uses.
 *
 * @param needed `listen` for a server with one listener, before it is bound; `net` for any server; `http` for
 *   an HTTP server; `tls` for a server with TLS; `proxy` for PROXY headers
 * @throws ActivationError `SOCKACT_ERR_NODE_INTERNALS`, with the missing names
 */
export function checkInternals(needed: readonly Part[]): void {
  // Its connections are served by node:net and node:http without these.
  if (isBun) return;
  const missing = needed.flatMap((part) => {
    const known = checked.get(part) ?? missingOf(part);
    checked.set(part, known);
    return known;
  });
  if (missing.length > 0) throw missingInternals(missing);
}

export function missingInternals(missing: readonly string[]): ActivationError {
  return new ActivationError(
    "SOCKACT_ERR_NODE_INTERNALS",
    `Node ${process.version} lacks internals that sockact uses: ${missing.join(", ")}`,
    "Use a Node version from `engines` in sockact's package.json, and report the version that fails.",
  );
}

const parts: Record<Part, () => Iterable<string>> = {
  listen: missingOfListen,
  net: missingOfNet,
  http: missingOfHttp,
  tls: missingOfTls,
  proxy: missingOfProxy,
};

function missingOf(part: Part): string[] {
  const missing: string[] = [];
  try {
    for (const name of parts[part]()) missing.push(name);
  } catch (error) {
    // A missing name that was found before may be the cause of this error.
    if (missing.length === 0)
      missing.push(`a part of ${part === "listen" ? "net.Server" : `node:${part}`} (${String(error)})`);
  }
  return missing;
}

/** The names that Node's own listen() needs. This check costs nothing. */
function* missingOfListen(): Generator<string> {
  const server = new Server() as Server & ServerInternals;
  if (server._handle !== null) yield "_handle of net.Server";
  if (typeof server._listen2 !== "function") yield "_listen2 of net.Server";
}

/** Simulates a listening server, with a handle that listens on nothing. */
function* missingOfNet(): Generator<string> {
  const [server, other] = [new Server() as Server & ServerInternals, new Server()];
  const handle = { listen: () => 0, close() {}, ref() {}, unref() {} } as unknown as ListenHandle;
  server.unref();
  if (server._unref !== true) yield "_unref of net.Server";
  server._handle = handle;
  if (!server.listening) yield "_handle of net.Server";
  server._pipeName = "a name";
  if (server.address() !== "a name") yield "_pipeName of net.Server";
  if (typeof server._listen2 === "function") server._listen2(null, -1, -1, 0);
  else yield "_listen2 of net.Server";
  const owner = ownerSymbolOf(handle, server);
  let heard = false;
  if (owner === undefined) yield "the owner of a listening handle";
  else handle[owner] = other.on("error", () => (heard = true));
  // A handle reports an error to its owner.
  handle.onconnection?.(-constants.errno.EMFILE);
  if (owner !== undefined && !heard) yield "onconnection of a listening handle";
  server._handle = null;
  if (!("_handle" in new Socket())) yield "_handle of net.Socket";
}

/**
 * Simulates the start of a connection, and the response that it is busy with. It emits no request, because a
 * tracing agent that has patched `emit` would record it.
 */
function* missingOfHttp(): Generator<string> {
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() }) as unknown as Socket;
  const server = createServer();
  // Node 20 creates its list when the server listens.
  for (const event of ["listening", "connection"])
    for (const listener of server.listeners(event)) listener.call(server, socket);
  if (!speaksHttp(socket)) yield "parser of an HTTP connection";
  else if (!hasIncoming(socket)) yield "parser.incoming of an HTTP connection";
  if (!isDeno && (!listsConnections(server) || openSockets(server, []).size !== 1))
    yield "the list of connections of an HTTP server";
  const response = new ServerResponse({
    method: "GET",
    httpVersionMajor: 1,
    httpVersionMinor: 1,
  } as IncomingMessage);
  response.assignSocket(socket);
  if (responseOf(socket) !== response) yield "_httpMessage of an HTTP connection";
  response.detachSocket(socket);
  socket.destroy();
  // Stops Node's timer for requests that take too long.
  server.close();
}

function* missingOfTls(): Generator<string> {
  const stream = new TLSSocket(new Duplex());
  if (handshakeOf(stream) === undefined) yield "_parent of tls.TLSSocket";
  stream.destroy();
}

/** Simulates a connection whose handle has the client's address and the number of bytes read. */
function* missingOfProxy(): Generator<string> {
  const client = { address: "192.0.2.1", port: 1, family: "IPv4" };
  const handle = { bytesRead: 1, getpeername: (out: object) => (Object.assign(out, client), 0) };
  const socket = Object.assign(new Socket(), { _handle: handle });
  if (socket.remoteAddress !== client.address) yield "getpeername of a connection";
  if (socket.bytesRead !== handle.bytesRead) yield "bytesRead of a connection";
  socket._handle = null as never;
}
