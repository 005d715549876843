import type { Server, Socket } from "node:net";
import process from "node:process";
import {
  type ConnectionHandle,
  connectionHandleOf,
  isTlsServer,
  type ListenHandle,
} from "./node-internals.ts";
import { isBun, isDeno } from "./runtime.ts";

// Node's data about the open connections of a server, and how a connection moves to a server of another
// process.

/** Node's list of a server's HTTP/1 connections. A connection is removed when it closes or is upgraded. */
interface ConnectionsList {
  all(): HttpParser[];
  idle(): HttpParser[];
  /** The connections whose request is late. Node reports each of them once. */
  expired(headersTimeout: number, requestTimeout: number): HttpParser[];
}

interface HttpParser {
  socket?: Socket | null;
}

function connectionsOf(server: Server): Partial<ConnectionsList> | undefined {
  const properties = server as unknown as Record<symbol, Partial<ConnectionsList> | undefined>;
  return Object.getOwnPropertySymbols(server)
    .map((symbol) => properties[symbol])
    .find((value) => typeof value?.idle === "function");
}

/**
 * Whether Node lists every connection of this server, except upgraded ones: the server uses HTTP/1 without
 * TLS, and the app has not replaced the listener with which Node begins to read a connection.
 */
export function listsConnections(server: Server): boolean {
  const listeners = server.listeners("connection") as { name: string }[];
  return (
    // Deno and Bun have other lists, and no list.
    !isDeno &&
    !isBun &&
    "headersTimeout" in server &&
    !isTlsServer(server) &&
    listeners.some(({ name }) => name === "connectionListener")
  );
}

/**
 * The open connections of a server.
 *
 * Node lists HTTP/1 connections. If the server counts more, because the app uses some for other protocols,
 * the others are found among all open handles of the process. That list is used only then, because Node's
 * documentation deprecates it (DEP0161).
 *
 * @param upgraded the upgraded connections, which Node does not list
 */
export function openSockets(server: Server, upgraded: Iterable<Socket>): ReadonlySet<Socket> {
  const listed = (connectionsOf(server)?.all?.() ?? []).flatMap(({ socket }) => socket ?? []);
  const sockets = new Set([...upgraded, ...listed]);
  const { _connections: count = 0 } = server as Server & { _connections?: number };
  if (count <= sockets.size) return sockets;
  const { _getActiveHandles: handles } = process as typeof process & { _getActiveHandles?(): unknown[] };
  for (const handle of (handles?.() ?? []) as (Socket & { server?: Server })[])
    if (handle.server === server) sockets.add(handle);
  return sockets;
}

/**
 * The connections of an HTTP/1 server that wait for a request, and have read nothing of it. Each of them has
 * had a request before.
 */
export function idleSockets(server: Server): ReadonlySet<Socket> {
  return new Set((connectionsOf(server)?.idle?.() ?? []).flatMap(({ socket }) => socket ?? []));
}

/** The connections that count as idle although they are new to this process. */
const movedSockets = new WeakSet<Socket>();

/**
 * Makes a connection count as idle, as in the process that accepted it. Otherwise `headersTimeout` would
 * start, and Node would send 408 to a client that only waits. The next request starts it again.
 */
function exemptFromTimeouts(server: Server, socket: Socket): void {
  movedSockets.add(socket);
  const list = connectionsOf(server);
  const expired = list?.expired;
  if (list === undefined || expired === undefined || Object.hasOwn(list, "expired")) return;
  // Patches expired of this list.
  list.expired = function (this: ConnectionsList, ...timeouts): HttpParser[] {
    const isWaiting = ({ socket: each }: HttpParser): boolean =>
      Boolean(each && each.bytesRead === 0 && movedSockets.has(each));
    return expired.apply(this, timeouts).filter((parser) => !isWaiting(parser));
  };
}

/**
 * Whether the app has sent this connection to a child process with `send()` of node:child_process. The socket
 * then has no handle, and never closes.
 */
export function isSentAway(socket: Socket): boolean {
  // A connection of Bun's node:http never has a handle.
  return !isBun && !socket.destroyed && (connectionHandleOf(socket) as ConnectionHandle | null) === null;
}

/**
 * Takes the handle from a connection: nothing more is read from it, and it stays open when the socket is
 * destroyed.
 */
export function detachHandle(socket: Socket): ConnectionHandle | undefined {
  const internals = socket as unknown as { _handle: (ConnectionHandle & { readStop?(): void }) | null };
  const handle = internals._handle;
  if (handle === null) return undefined;
  handle.readStop?.();
  internals._handle = null;
  return handle;
}

/** Returns the handle to a connection, and reads from it again. */
export function attachHandle(socket: Socket, handle: ConnectionHandle & { readStart?(): void }): void {
  (socket as unknown as { _handle: ConnectionHandle | null })._handle = handle;
  handle.readStart?.();
}

/**
 * Makes a server serve a connection that another process accepted. `maxConnections` does not apply, because
 * the connection is not new.
 *
 * @param handle the listening handle of the connection
 * @returns the connection, or undefined if the server rejects it (`blockList`)
 */
export function acceptHandle(
  server: Server,
  handle: ListenHandle,
  connection: ConnectionHandle,
): Socket | undefined {
  const { maxConnections } = server;
  let accepted: Socket | undefined;
  const onConnection = (socket: Socket): void => {
    accepted = socket;
    exemptFromTimeouts(server, socket);
  };
  server.maxConnections = Infinity;
  server.once("connection", onConnection);
  try {
    handle.onconnection(0, connection);
  } finally {
    server.off("connection", onConnection);
    server.maxConnections = maxConnections;
  }
  return accepted;
}
