import type { ServerResponse } from "node:http";
import type { Server, Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { Server as TlsServer } from "node:tls";
import { handshakeOf, responseOf, speaksHttp } from "../shared/node-internals.ts";

/** One accepted connection. */
export interface Connection {
  /** What was accepted. */
  readonly socket: Socket;
  /** What the bytes are read from: the TLS socket once its handshake is done, before that and without TLS the same. */
  stream: Socket;
  /** Whether it is in a TLS handshake. */
  inHandshake: boolean;
  /** When it was accepted, on the clock of performance.now(). */
  readonly since: number;
}

/** The connections of a server, by what was accepted. */
export type Connections = ReadonlyMap<Socket, Connection>;

/**
 * Keeps account of the connections of a server, with those that its TLS acceptors have not handed on yet; `changed` is called with each
 * that comes or goes.
 */
export function trackConnections(
  server: Server,
  acceptors: readonly TlsServer[],
  changed: () => void,
): Connections {
  const connections = new Map<Socket, Connection>();
  const track = (inHandshake: boolean) => (socket: Socket) => {
    // One that an acceptor hands on.
    if (connections.has(handshakeOf(socket) as Socket)) return;
    connections.set(socket, { socket, stream: socket, inHandshake, since: performance.now() });
    socket.on("close", () => {
      connections.delete(socket);
      changed();
    });
    changed();
  };
  server.on("connection", track(server instanceof TlsServer));
  for (const acceptor of acceptors) acceptor.on("connection", track(true));
  for (const each of [server, ...acceptors]) {
    each.prependListener("secureConnection", (stream: Socket) => {
      const connection = connections.get(handshakeOf(stream) as Socket);
      if (connection) Object.assign(connection, { stream, inHandshake: false });
    });
  }
  return connections;
}

/** Whether the client of an HTTP server has not sent anything yet, beyond a TLS handshake. */
export function isSilent({ stream }: Connection): boolean {
  return stream.bytesRead === 0;
}

/** The HTTP/1 response that the connection is busy with, if any. */
export function currentResponse({ stream }: Connection): ServerResponse | undefined {
  return speaksHttp(stream) ? responseOf(stream) : undefined;
}
