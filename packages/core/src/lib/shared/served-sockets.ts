import type { Server, Socket } from "node:net";
import type { Server as TlsServer } from "node:tls";
import {
  type ConnectionHandle,
  connectionHandleOf,
  isTlsServer,
  type ListenHandle,
} from "./node-internals.ts";
import { processState } from "./process-state.ts";
import { now } from "./timers.ts";

/** A passed socket that a server of this process listens on. */
export interface ServedSocket {
  readonly server: Server;
  /** The listening handle of this socket. */
  readonly handle: ListenHandle;
  /** The server that uses TLS on this socket, if any. */
  readonly tls: TlsServer | undefined;
}

const served = processState("served sockets", new Map<number, ServedSocket>());
const ever = processState("ever served", { hasServed: false });

/** Whether a server of this process has ever listened on a passed socket. */
export const hasServed = (): boolean => ever.hasServed;

/** The passed sockets that servers of this process listen on, by number. */
export const servedSockets: ReadonlyMap<number, ServedSocket> = served;

/** How a passed socket accepted a connection. */
export interface Acceptance {
  /** The number of the passed socket. */
  readonly fd: number;
  /** The time, by now(). */
  readonly since: number;
}

const ACCEPTANCE = Symbol("sockact acceptance");

/**
 * The handle of a connection with its acceptance, because nothing else is done when a connection is accepted.
 */
interface AcceptedHandle extends ConnectionHandle {
  [ACCEPTANCE]?: Acceptance;
}

/**
 * Records which server listens on a passed socket.
 *
 * @param tls the server that uses TLS on this socket for a server without TLS
 */
export function rememberServed(
  fd: number,
  server: Server,
  handle: ListenHandle,
  tls: TlsServer | undefined,
): void {
  const own = tls ?? (isTlsServer(server) ? server : undefined);
  served.set(fd, { server, handle, tls: own });
  ever.hasServed = true;
  server.once("close", () => {
    if (served.get(fd)?.handle === handle) served.delete(fd);
  });
  const { onconnection } = handle;
  // Patches onconnection of this handle.
  handle.onconnection = function (this: ListenHandle, error: unknown, connection?: ConnectionHandle): void {
    if (connection !== undefined) (connection as AcceptedHandle)[ACCEPTANCE] = { fd, since: now() };
    onconnection.call(this, error, connection);
  };
}

/** How a passed socket accepted this connection. Undefined if the server got it in another way. */
export function acceptanceOf(socket: Socket): Acceptance | undefined {
  return (connectionHandleOf(socket) as AcceptedHandle | null | undefined)?.[ACCEPTANCE];
}
