import type { Server, Socket } from "node:net";
import type { Server as TlsServer } from "node:tls";
import {
  type ConnectionHandle,
  connectionHandleOf,
  isTlsServer,
  type ListenHandle,
} from "./node-internals.ts";
import { processState } from "./process-state.ts";

/** A passed socket that a server of this process listens on. */
export interface ServedSocket {
  readonly server: Server;
  /** The listening handle of this socket. */
  readonly handle: ListenHandle;
  /** The server that speaks TLS on this socket, if any. */
  readonly tls: TlsServer | undefined;
}

const served = processState("served sockets", new Map<number, ServedSocket>());

/** The passed sockets that servers of this process listen on, by number. */
export const servedSockets: ReadonlyMap<number, ServedSocket> = served;

const FD = Symbol("sockact fd");

/**
 * Remembers which server listens on a passed socket.
 *
 * @param tls the server that speaks TLS on this socket for a server that has none
 */
export function rememberServed(
  fd: number,
  server: Server,
  handle: ListenHandle,
  tls: TlsServer | undefined,
): void {
  const own = tls ?? (isTlsServer(server) ? server : undefined);
  served.set(fd, { server, handle, tls: own });
  server.once("close", () => {
    if (served.get(fd)?.handle === handle) served.delete(fd);
  });
  const { onconnection } = handle;
  // Patches onconnection of this handle.
  handle.onconnection = function (this: ListenHandle, error: unknown, connection?: ConnectionHandle): void {
    if (connection !== undefined) (connection as Accepted)[FD] = fd;
    onconnection.call(this, error, connection);
  };
}

/** The handle of a connection that a passed socket has accepted. */
interface Accepted extends ConnectionHandle {
  [FD]?: number;
}

/** The number of the passed socket that has accepted this connection. Undefined if the server has got the connection in another way. */
export function acceptingSocket(socket: Socket): number | undefined {
  return (connectionHandleOf(socket) as Accepted | null | undefined)?.[FD];
}
