import type { IncomingMessage, ServerResponse } from "node:http";
import { Server, type Socket } from "node:net";
import process from "node:process";
import { ActivationError } from "./errors.ts";

/**
 * The parts of Node's net.Server that have no public name. They are all here, and were the same from Node 20 to 26.
 * decisions/002-one-server-many-handles.md says what they buy.
 */
interface ServerInternals {
  /** What listens: there while it does. */
  _handle?: ListenHandle | null;
  /** What address() gives for a unix socket. Node sets it by itself only when it is given the path. */
  _pipeName?: string;
  /** In a worker of node:cluster, called once the handle has come from the primary: begins to listen on it. */
  _listen2?(...args: unknown[]): void;
  /** unref() was called before listen(). */
  _unref?: boolean;
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
export function listenWhenTold(server: Server & ServerInternals): Promise<() => void> {
  const native = server._listen2;
  if (native === undefined) throw unknownNode("begins to listen in a worker otherwise");
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server._listen2 = (...args) => resolve(() => native.apply(server, args));
  });
}

function unknownNode(how: string): ActivationError {
  return new ActivationError(
    "ERR_NODE_INTERNALS",
    `Node ${process.version} ${how} than the versions that sockact knows`,
    "One socket works all the same. For several, use a Node that package.json's engines name, and tell us of this one.",
  );
}

/** Makes address() give the path, or `\0name`, as it does for a server that Node itself bound to it. */
export function setPipeName(server: Server, name: string): void {
  (server as Server & ServerInternals)._pipeName = name;
}

/** Makes a server that listens nowhere else give its handle to `server`: all that it accepts is a connection of `server`. */
export function giveHandle(giver: Server, server: Server): ListenHandle | undefined {
  const handle = handleOf(giver);
  if (handle === undefined) return undefined;
  const owner = Object.getOwnPropertySymbols(handle).find((symbol) => handle[symbol] === giver);
  if (owner === undefined) {
    throw unknownNode("keeps the owner of a handle elsewhere");
  }
  handle[owner] = server;
  if ((server as Server & ServerInternals)._unref) handle.unref();
  return handle;
}

/**
 * Makes the connections that a handle of `server` accepts be emitted by `other`, to which they have to speak first. They stay connections
 * of `server` in all that Node counts and closes.
 */
export function redirectConnections(handle: ListenHandle, server: Server, other: Server): void {
  const { onconnection } = handle;
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

/** Makes close(), ref() and unref() of one handle, whichever way they are called, hold for the others too. */
export function joinHandles(first: ListenHandle, others: readonly ListenHandle[]): void {
  for (const method of ["close", "ref", "unref"] as const) {
    const own = first[method];
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

/** Whether a connection is in the hands of Node's HTTP/1 server. */
export function speaksHttp(socket: Socket): boolean {
  return Boolean((socket as Socket & ConnectionInternals).parser);
}

/** The response that is being made on this connection. */
export function responseOf(socket: Socket): ServerResponse | undefined {
  return (socket as Socket & ConnectionInternals)._httpMessage ?? undefined;
}

/** The newest request of this connection, unless it has been answered and read to its end. */
export function latestRequestOf(socket: Socket): IncomingMessage | undefined {
  return (socket as Socket & ConnectionInternals).parser?.incoming ?? undefined;
}

/** The accepted socket under a TLS socket. */
export function handshakeOf(stream: Socket): Socket | undefined {
  return (stream as Socket & ConnectionInternals)._parent;
}
