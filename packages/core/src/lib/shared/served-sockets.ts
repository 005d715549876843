import type { Server } from "node:net";
import type { Server as TlsServer } from "node:tls";
import { isTlsServer, type ListenHandle } from "./node-internals.ts";
import { processState } from "./process-state.ts";

/** A passed socket that a server of this process listens on. */
export interface ServedSocket {
  readonly server: Server;
  /** The listening handle of this socket. */
  readonly handle: ListenHandle;
  /** The server that speaks TLS on this socket, if any. */
  readonly tls: TlsServer | undefined;
}

const served = processState("served sockets", {
  /** The sockets, by number. */
  byNumber: new Map<number, ServedSocket>(),
  /** The number of the socket whose handle accepts a connection at this moment. */
  accepting: undefined as number | undefined,
});

/** The passed sockets that servers of this process listen on, by number. */
export const servedSockets: ReadonlyMap<number, ServedSocket> = served.byNumber;

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
  served.byNumber.set(fd, { server, handle, tls: own });
  server.once("close", () => {
    if (served.byNumber.get(fd)?.handle === handle) served.byNumber.delete(fd);
  });
  const { onconnection } = handle;
  // Patches onconnection of this handle.
  handle.onconnection = function (this: ListenHandle, ...args: unknown[]): void {
    const outer = served.accepting;
    served.accepting = fd;
    try {
      onconnection.apply(this, args);
    } finally {
      served.accepting = outer;
    }
  };
}

/** The number of the passed socket from which the connection comes that a server emits at this moment. Undefined for any other connection. */
export function acceptingSocket(): number | undefined {
  return served.accepting;
}
