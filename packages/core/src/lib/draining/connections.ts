import type { Server, Socket } from "node:net";
import type { EventEmitter } from "node:events";
import { acceptanceOf } from "../shared/served-sockets.ts";
import { openSockets } from "../shared/node-connections.ts";
import { handshakeOf, isHttpServer, isTlsServer } from "../shared/node-internals.ts";
import { now } from "../shared/timers.ts";

/** One accepted connection. */
export interface Connection {
  /** The accepted socket. */
  readonly socket: Socket;
  /**
   * The socket that the requests are read from. With TLS, it is the TLS socket when its handshake is done.
   * Otherwise it is `socket`.
   */
  stream: Socket;
  /** Whether its server speaks HTTP, of either version. In HTTP, the client must send first. */
  readonly isHttp: boolean;
  /**
   * The number of the passed socket that it was accepted from. Undefined if the server has got it in another
   * way.
   */
  readonly fd: number | undefined;
  /** Whether it is in a TLS handshake, or its PROXY header has not arrived yet. */
  inHandshake: boolean;
  /**
   * When its client could send its first request: when it was accepted, or when its TLS handshake was done.
   * On the clock of now().
   */
  since: number;
  /** Whether it was accepted before the drain started. */
  isEarlier: boolean;
  /**
   * The number of bytes that had been read from it when the drain started. Undefined if it was accepted
   * later, or is not a net.Socket.
   */
  bytesBeforeDrain: number | undefined;
  /** Whether it is an upgraded connection that was asked to close. */
  isAskedToClose: boolean;
}

/** The connections of a server, by their accepted sockets. */
export type Connections = ReadonlyMap<Socket, Connection>;

/**
 * Keeps a list of the connections of a server: those that are open already, and those to come, including
 * those whose TLS handshake is not done.
 *
 * @param acceptors emit `connection` for each connection that begins with a TLS handshake, or with a PROXY
 * header
 * @param upgraded the open connections that were upgraded. Node does not list them.
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
  // A server emits a connection of a TLS acceptor again, or one that the app has decrypted. That connection
  // is known already.
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
