import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket as DatagramSocket } from "node:dgram";
import { type AddressInfo, Server, Socket, type SocketConstructorOpts } from "node:net";
import type { Server as TlsServer } from "node:tls";

/**
 * The parts of Node's net.Server that have no public name. They were the same from Node 20 to 26, and internals-check.ts finds out
 * whether this Node has them. decisions/002-one-server-many-handles.md says what they buy.
 */
export interface ServerInternals {
  /** What listens: there while it does. */
  _handle?: ListenHandle | null;
  /** What address() gives for a unix socket. Node sets it by itself only when it is given the path. */
  _pipeName?: string;
  /** unref() was called before listen(). */
  _unref?: boolean;
  /**
   * What listen() comes to, with address, port, family and backlog; in a worker of node:cluster once the handle has come from the primary.
   * Makes the server the owner of its handle, and has `listening` emitted.
   */
  _listen2?(...args: unknown[]): void;
}

/** A listening handle of libuv. Its owner, under a private symbol, is the server that its connections go to. */
export interface ListenHandle extends Record<symbol, unknown> {
  /** Called for each connection; emits `connection`, or `drop`, on the owner before it returns. */
  onconnection(...args: unknown[]): void;
  close(callback?: () => void): void;
  ref(): void;
  unref(): void;
}

/** As Node had it, before anything was wrapped. */
export const nativeListen: Server["listen"] = Server.prototype.listen;

/** The handle of a server on which listen() has just been called. Undefined: that failed, and `error` will be emitted. */
export function handleOf(server: Server | Socket): ListenHandle | undefined {
  return (server as unknown as ServerInternals)._handle ?? undefined;
}

/**
 * Makes a server of a worker of node:cluster, on which listen() will be called, not listen before the returned function is called: it fulfils
 * once the primary has handed the handle over, rejects with the `error` that the server emits.
 */
export function deferListening(server: Server & ServerInternals): Promise<() => void> {
  const native = server._listen2;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // Patches _listen2 of this server.
    server._listen2 = (...args) => resolve(() => native?.apply(server, args));
  });
}

/** Makes address() give the path, or `\0name`, as it does for a server that Node itself bound to it. */
export function setPipeName(server: Server, name: string): void {
  (server as Server & ServerInternals)._pipeName = name;
}

/** Makes a server that listens nowhere else give its handle to `server`: all that it accepts is a connection of `server`. */
export function giveHandle(giver: Server, server: Server): ListenHandle | undefined {
  const handle = handleOf(giver);
  if (handle === undefined) return undefined;
  handle[ownerSymbolOf(handle, giver) as symbol] = server;
  if ((server as Server & ServerInternals)._unref) handle.unref();
  return handle;
}

/** The symbol under which a handle has this server, its owner. */
export function ownerSymbolOf(handle: ListenHandle, server: Server): symbol | undefined {
  return Object.getOwnPropertySymbols(handle).find((symbol) => handle[symbol] === server);
}

/**
 * Makes a server listen on nothing, and emit `listening`: it has the connections that `onconnection()` of the returned handle is called with,
 * as if it had accepted them. So all that Node does with a connection, counts and closes is Node's own code.
 *
 * @param address what `server.address()` gives
 */
export function listenOnNothing(server: Server, address: AddressInfo | string): ListenHandle {
  const internals = server as Server & ServerInternals;
  // As a listener keeps the process alive: a connection whose client has closed its side does not, though its answer is to come.
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

/** A connection as the kernel's side of Node has it, for `onconnection()` of a listening handle. */
export interface ConnectionHandle {
  close(callback?: () => void): void;
}

/** Opens a connected descriptor, without reading from it. */
export function openConnection(fd: number): ConnectionHandle {
  return connectionHandleOf(new Socket({ fd, manualStart: true } as SocketConstructorOpts));
}

/** What owns the descriptor that a socket of Node's was opened on. */
export function connectionHandleOf(socket: Socket): ConnectionHandle {
  return (socket as unknown as { _handle: ConnectionHandle })._handle;
}

/** Stops a datagram socket from receiving, and leaves it to the app to send with. Whether this Node lets us. */
export function stopReceiving(socket: DatagramSocket): boolean {
  const properties = socket as unknown as Record<
    symbol,
    { handle?: { recvStop?(): void } | null } | undefined
  >;
  for (const symbol of Object.getOwnPropertySymbols(socket)) {
    const handle = properties[symbol]?.handle;
    if (typeof handle?.recvStop !== "function") continue;
    handle.recvStop();
    return true;
  }
  return false;
}

/**
 * Makes the connections that a handle of `server` accepts be emitted by `other`, to which they have to speak first. They stay connections
 * of `server` in all that Node counts and closes.
 */
export function redirectConnections(handle: ListenHandle, server: Server, other: Server): void {
  const { onconnection } = handle;
  // Patches onconnection of this handle, and emit of the server while it runs.
  handle.onconnection = function (this: ListenHandle, ...args: unknown[]): void {
    const own = Object.getOwnPropertyDescriptor(server, "emit");
    const emit = server.emit.bind(server) as (event: string, ...args: unknown[]) => boolean;
    // For this call alone, so that it costs no request anything.
    server.emit = ((event: string, ...rest: unknown[]) =>
      event === "connection"
        ? (other.emit as (event: string, ...args: unknown[]) => boolean)(event, ...rest)
        : emit(event, ...rest)) as typeof server.emit;
    try {
      onconnection.apply(this, args);
    } finally {
      if (own) Object.defineProperty(server, "emit", own);
      else delete (server as Partial<Server>).emit;
    }
  };
}

/** Makes close(), ref() and unref() of one handle call those of the others too. */
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

/** The parts of a connection that have no public name. */
interface ConnectionInternals {
  /** The HTTP/1 parser: gone once the connection is upgraded. */
  parser?: { incoming?: IncomingMessage | null } | null;
  /** The response whose turn it is. */
  _httpMessage?: ServerResponse | null;
  /** Of a TLS socket: what the server accepted. */
  _parent?: Socket;
}

/** Whether this is a server of HTTP, of either version. Of an http2 server Node shows no class. */
export function isHttpServer(server: Server): boolean {
  return "headersTimeout" in server || "updateSettings" in server;
}

/** Whether this is a server of TLS (tls, https, http2), found without node:tls, which is slow to load. `setSecureContext()` is theirs alone. */
export function isTlsServer(server: Server): server is TlsServer {
  return "setSecureContext" in server;
}

/** Whether a connection is in the hands of Node's HTTP/1 server. */
export function speaksHttp(socket: Socket): boolean {
  return Boolean((socket as Socket & ConnectionInternals).parser);
}

/** The response that is being made on this connection. */
export function responseOf(socket: Socket): ServerResponse | undefined {
  return (socket as Socket & ConnectionInternals)._httpMessage ?? undefined;
}

/** Whether the parser of a connection says which request it has read last, if any. */
export function hasIncoming(socket: Socket): boolean {
  const { parser } = socket as Socket & ConnectionInternals;
  return Boolean(parser) && Object.hasOwn(parser as object, "incoming");
}

/** The newest request of this connection, unless it has been answered and read to its end. */
export function latestRequestOf(socket: Socket): IncomingMessage | undefined {
  return (socket as Socket & ConnectionInternals).parser?.incoming ?? undefined;
}

/** The accepted socket under a TLS socket. */
export function handshakeOf(stream: Socket): Socket | undefined {
  return (stream as Socket & ConnectionInternals)._parent;
}
