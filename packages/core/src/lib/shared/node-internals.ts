import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket as DatagramSocket } from "node:dgram";
import { type AddressInfo, Server, Socket, type SocketConstructorOpts } from "node:net";
import type { Server as TlsServer } from "node:tls";

/**
 * The parts of net.Server without a public name. They are the same from Node 20 to 26, and internals-check.ts
 * checks that they exist. See decisions/002-one-server-many-handles.md.
 */
export interface ServerInternals {
  /** The listening handle, while the server listens. */
  _handle?: ListenHandle | null;
  /** The result of address() for a unix socket. Node sets it only if listen() was called with the path. */
  _pipeName?: string;
  /** Whether unref() was called before listen(). */
  _unref?: boolean;
  /**
   * The function that listen() finally calls, with address, port, family and backlog. In a worker of
   * node:cluster, it is called when the handle has arrived from the primary. It makes the server the owner of
   * its handle, and emits `listening`.
   */
  _listen2?(...args: unknown[]): void;
}

/**
 * A listening handle of libuv. Its owner is the server that gets its connections. Node stores the owner under
 * a private symbol.
 */
export interface ListenHandle extends Record<symbol, unknown> {
  /** Called for each connection. It emits `connection` or `drop` on the owner before it returns. */
  onconnection(...args: unknown[]): void;
  close(callback?: () => void): void;
  ref(): void;
  unref(): void;
}

/** Node's own `listen()`, before any patch. */
export const nativeListen: Server["listen"] = Server.prototype.listen;

/** The handle of a server after a call of listen(). Undefined if that has failed; `error` is then emitted. */
export function handleOf(server: Server | Socket): ListenHandle | undefined {
  return (server as unknown as ServerInternals)._handle ?? undefined;
}

/**
 * Delays the listening of a server in a worker of node:cluster. Call this before its listen(). When the
 * primary has sent the handle, the promise resolves with a function that makes the server listen. It rejects
 * with the server's `error`.
 */
export function deferListening(server: Server & ServerInternals): Promise<() => void> {
  const native = server._listen2;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // Patches _listen2 of this server.
    server._listen2 = (...args) => resolve(() => native?.apply(server, args));
  });
}

/**
 * Closes the listener of a server. The `close()` of node:http would also reset idle clients that are about to
 * send, and in Node 26 clients whose request is in transit.
 */
export function closeListener(server: Server, callback?: (error?: Error) => void): void {
  // The servers of Bun's node:http are not instances of net.Server.
  const { close } = server instanceof Server ? Server.prototype : (Object.getPrototypeOf(server) as Server);
  close.call(server, callback);
}

/** Makes address() return the path, or `\0name`, as if Node had bound the server to that path. */
export function setPipeName(server: Server, name: string): void {
  (server as Server & ServerInternals)._pipeName = name;
}

/**
 * Makes `server` the owner of `giver`'s handle. Each connection that the handle accepts is then a connection
 * of `server`. `giver` must not listen on anything else.
 */
export function giveHandle(giver: Server, server: Server): ListenHandle | undefined {
  const handle = handleOf(giver);
  if (handle === undefined) return undefined;
  handle[ownerSymbolOf(handle, giver) as symbol] = server;
  if ((server as Server & ServerInternals)._unref) handle.unref();
  return handle;
}

/** The symbol under which Node stores this server as the owner of the handle. */
export function ownerSymbolOf(handle: ListenHandle, server: Server): symbol | undefined {
  return Object.getOwnPropertySymbols(handle).find((symbol) => handle[symbol] === server);
}

/**
 * Makes a server listen on nothing, and emit `listening`. Calling `onconnection()` of the returned handle
 * makes the server treat a connection as accepted. So Node's own code serves, counts and closes it.
 *
 * @param address the result of `server.address()`
 */
export function listenOnNothing(server: Server, address: AddressInfo | string): ListenHandle {
  const internals = server as Server & ServerInternals;
  // Keeps the process alive, as a listener does. A connection whose client has closed its side does not, even
  // if its response is not sent yet.
  const awake = setInterval(() => {}, 2 ** 30);
  const handle = {
    listen: () => 0,
    close: () => clearInterval(awake),
    ref: () => awake.ref(),
    unref: () => awake.unref(),
    ...(typeof address !== "string" && { getsockname: (out: object) => (Object.assign(out, address), 0) }),
  } as Partial<ListenHandle>;
  internals._handle = handle as ListenHandle;
  internals._listen2?.(null, -1, -1, 0);
  if (typeof address === "string") setPipeName(server, address);
  return handle as ListenHandle;
}

/** Makes a server accept nothing more without closing: it can still be given connections. */
export function acceptNothing(server: Server): void {
  const internals = server as Server & ServerInternals;
  const handle = internals._handle;
  internals._handle = { close() {}, ref() {}, unref() {} } as unknown as ListenHandle;
  handle?.close();
}

/** The handle of a connection, as passed to `onconnection()` of a listening handle. */
export interface ConnectionHandle {
  close(callback?: () => void): void;
}

/** Opens a connected descriptor without reading from it. */
export function openConnection(fd: number): ConnectionHandle {
  return connectionHandleOf(new Socket({ fd, manualStart: true } as SocketConstructorOpts));
}

/** The handle that owns the descriptor of a socket. */
export function connectionHandleOf(socket: Socket): ConnectionHandle {
  return (socket as unknown as { _handle: ConnectionHandle })._handle;
}

/** Whether the socket has a handle. Node takes it when the connection closes or moves to another process. */
export function hasHandle(socket: Socket): boolean {
  return Boolean(connectionHandleOf(socket));
}

/**
 * Stops a datagram socket from receiving. The app can still send. Returns false if this Node has no way to do
 * that.
 */
export function stopReceiving(socket: DatagramSocket): boolean {
  const receiver = receiverOf(socket);
  receiver?.recvStop?.();
  return receiver !== undefined;
}

/**
 * Passes the connections that a handle of `server` accepts to `receive`, for example for a TLS handshake.
 * Node still counts and closes them as connections of `server`.
 */
export function redirectConnections(
  handle: ListenHandle,
  server: Server,
  receive: (connection: Socket) => void,
): void {
  const { onconnection } = handle;
  let emit: (event: string, ...args: unknown[]) => boolean;
  let accepted: Socket | undefined;
  const emitUnlessConnection = ((event: string, ...rest: unknown[]) => {
    if (event !== "connection") return emit.call(server, event, ...rest);
    accepted = rest[0] as Socket;
    return true;
  }) as typeof server.emit;
  // Patches onconnection of this handle, and emit of the server while it runs.
  handle.onconnection = function (this: ListenHandle, error: unknown, connection: unknown): void {
    const own = Object.hasOwn(server, "emit") && Object.getOwnPropertyDescriptor(server, "emit");
    emit = server.emit;
    // Only during this call, so that requests do not become slower.
    server.emit = emitUnlessConnection;
    try {
      onconnection.call(this, error, connection);
    } finally {
      if (own) Object.defineProperty(server, "emit", own);
      else delete (server as Partial<Server>).emit;
    }
    const socket = accepted;
    accepted = undefined;
    if (socket) receive(socket);
  };
}

/** Makes close(), ref() and unref() of one handle also affect the others. */
export function joinHandles(first: ListenHandle, others: readonly ListenHandle[]): void {
  for (const method of ["close", "ref", "unref"] as const) {
    const own = first[method];
    // Patches close, ref and unref of this handle.
    first[method] = function (this: ListenHandle, ...args: []): void {
      for (const other of others) other[method]();
      return own.apply(this, args);
    };
  }
}

/** Makes a datagram socket receive again. */
export function startReceiving(socket: DatagramSocket): void {
  receiverOf(socket)?.recvStart?.();
}

/** The handle of a datagram socket. Node stores it under a private symbol. */
function receiverOf(socket: DatagramSocket): { recvStart?(): void; recvStop?(): void } | undefined {
  const properties = socket as unknown as Record<
    symbol,
    { handle?: { recvStart?(): void; recvStop?(): void } | null } | undefined
  >;
  return (
    Object.getOwnPropertySymbols(socket)
      .map((symbol) => properties[symbol]?.handle)
      .find((handle) => typeof handle?.recvStop === "function") ?? undefined
  );
}

/** The parts of a connection without a public name. */
interface ConnectionInternals {
  /** The HTTP/1 parser. An upgraded connection has none. */
  parser?: { incoming?: IncomingMessage | null } | null;
  /** The current response. */
  _httpMessage?: ServerResponse | null;
  /** For a TLS socket: the accepted socket. */
  _parent?: Socket;
}

/** Whether this is an HTTP server, of either version. Node exports no class for an http2 server. */
export function isHttpServer(server: Server): boolean {
  return "headersTimeout" in server || "updateSettings" in server;
}

/**
 * Whether this server uses TLS (tls, https, http2). Only these have `setSecureContext()`, so node:tls, which
 * is slow to load, is not needed.
 */
export function isTlsServer(server: Server): server is TlsServer {
  return "setSecureContext" in server;
}

/** Whether Node's HTTP/1 server reads this connection. */
export function speaksHttp(socket: Socket): boolean {
  return Boolean((socket as Socket & ConnectionInternals).parser);
}

/** The response that this connection is busy with. */
export function responseOf(socket: Socket): ServerResponse | undefined {
  return (socket as Socket & ConnectionInternals)._httpMessage ?? undefined;
}

/** Whether the parser of this connection has a property for the last request. */
export function hasIncoming(socket: Socket): boolean {
  const { parser } = socket as Socket & ConnectionInternals;
  return Boolean(parser) && Object.hasOwn(parser as object, "incoming");
}

/** The last request of this connection. Undefined if it was answered and read to its end. */
export function latestRequestOf(socket: Socket): IncomingMessage | undefined {
  return (socket as Socket & ConnectionInternals).parser?.incoming ?? undefined;
}

/** The accepted socket of a TLS socket. */
export function handshakeOf(stream: Socket): Socket | undefined {
  return (stream as Socket & ConnectionInternals)._parent;
}
