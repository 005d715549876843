import type { Server, Socket } from "node:net";
import type { EventEmitter } from "node:events";
import { acceptanceOf } from "../shared/served-sockets.ts";
import { openSockets } from "../shared/node-connections.ts";
import { handshakeOf, isHttpServer, isTlsServer } from "../shared/node-internals.ts";
import { now } from "../shared/timers.ts";

/** An accepted connection. */
export interface Connection {
  /** The accepted socket. */
  readonly socket: Socket;
  /** The socket that the requests are read from: the TLS socket after the handshake, otherwise `socket`. */
  stream: Socket;
  /** Whether its server is an HTTP server, of either version. In HTTP, the client must send first. */
  readonly isHttp: boolean;
  /** The number of the passed socket that accepted it. Undefined if the server got it in another way. */
  readonly fd: number | undefined;
  /** Whether it is in a TLS handshake, or its PROXY header has not arrived yet. */
  inHandshake: boolean;
  /**
   * When its client could send its first request, by now(): when it was accepted, or after its TLS handshake.
   */
  since: number;
  /** Whether it was accepted before the drain started. */
  isEarlier: boolean;
  /**
   * The number of bytes read from it when the drain started. Undefined if it was accepted later, or is not a
   * net.Socket.
   */
  bytesBeforeDrain: number | undefined;
  /** Whether it is an upgraded connection that was asked to close. */
  isAskedToClose: boolean;
}

/** The connections of a server, by accepted socket. */
export type Connections = ReadonlyMap<Socket, Connection>;

/**
 * Keeps a list of a server's connections: open ones and future ones, including those in a TLS handshake.
 *
 * @param acceptors emit `connection` for each connection that begins with a TLS handshake or a PROXY header
 * @param upgraded the open upgraded connections. Node does not list them.
 * @param onChange called when a connection is accepted, and with the connection when one has closed
 */
export function trackConnections(
  server: Server,
  acceptors: readonly EventEmitter[],
  upgraded: Iterable<Socket>,
  onChange: (closed?: Connection) => void,
): Map<Socket, Connection> {
  const connections = new Map<Socket, Connection>();
  const isHttp = isHttpServer(server);
  const add = (socket: Socket, inHandshake: boolean): void => {
    const accepted = acceptanceOf(socket);
    const connection: Connection = {
      socket,
      stream: socket,
      isHttp,
      fd: accepted?.fd,
      inHandshake,
      since: accepted?.since ?? now(),
      isEarlier: false,
      bytesBeforeDrain: undefined,
      isAskedToClose: false,
    };
    connections.set(socket, connection);
    socket.on("close", () => {
      connections.delete(socket);
      onChange(connection);
    });
  };
  // A server emits a connection of a TLS acceptor, or one that the app has decrypted, a second time. It is
  // already in the list.
  const isKnown = (socket: Socket): boolean => connections.has(handshakeOf(socket) as Socket);
  for (const socket of openSockets(server, upgraded)) if (!isKnown(socket)) add(socket, false);
  const track = (inHandshake: boolean) => (socket: Socket) => {
    if (isKnown(socket)) return;
    const connection = connections.get(socket);
    // Its PROXY header has arrived.
    if (connection) connection.inHandshake = inHandshake;
    else add(socket, inHandshake);
    onChange();
  };
  server.on("connection", track(isTlsServer(server)));
  for (const acceptor of acceptors) acceptor.on("connection", track(true));
  for (const each of [server, ...acceptors]) {
    each.prependListener("secureConnection", (stream: Socket) => {
      const connection = connections.get(handshakeOf(stream) as Socket);
      if (connection) Object.assign(connection, { stream, inHandshake: false, since: now() });
    });
  }
  return connections;
}
