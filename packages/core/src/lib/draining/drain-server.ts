import type { EventEmitter } from "node:events";
import type { Server as HttpServer } from "node:http";
import type { Server, Socket } from "node:net";
import type { Server as TlsServer } from "node:tls";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { isSentAway, listsConnections } from "../shared/node-connections.ts";
import { acceptNothing, closeListener, isHttpServer, speaksHttp } from "../shared/node-internals.ts";
import { after } from "../shared/timers.ts";
import {
  FIRST_REQUEST_MS,
  isBetweenRequests,
  isOlder,
  isUnderWay,
  isUnused,
  waitsForClient,
} from "./connection-state.ts";
import { type Connection, type Connections, trackConnections } from "./connections.ts";
import { drainAll } from "./drain-all.ts";
import type { Drainable } from "./drainable.ts";
import { announceEnd, type CloseUpgraded, endConnection } from "./end-connection.ts";
import { rememberSessions } from "./http2-sessions.ts";
import { closeAfterNextResponse, closeAfterPendingResponses } from "./last-responses.ts";
import { endLongPoll } from "./long-polls.ts";
import { rememberUpgrades } from "./upgrades.ts";

/**
 * How long a connection may wait for its first request after the server has stopped accepting, in
 * milliseconds. Every new client waits for it. A TLS handshake still gets `FIRST_REQUEST_MS`.
 */
const LAST_FIRST_REQUEST_MS = 2000;

/** How long a client may take to close its side after the server has stopped accepting, in milliseconds. */
const CLIENT_CLOSE_MS = 1000;

/** How long GOAWAY waits for the requests of its session, in milliseconds. Shorter than `CLIENT_CLOSE_MS`. */
const GOAWAY_MS = 500;

/**
 * How many connections to accept before a listener is closed. The kernel's queue is not longer, by the default
 * of net.core.somaxconn, and the clients in it come first.
 */
const QUEUE_MAX = 4096;

/** With fewer connections than this, it is not worth looking for those that were sent to a child process. */
const SENT_MIN = 64;

/**
 * How often to check the connections during a drain, in milliseconds. A connection may have been upgraded, or
 * have waited too long.
 */
const POLL_MS = 100;

/** The options for draining one server. */
export interface ServerDrainOptions {
  /** The servers that use TLS for this server. */
  acceptors: readonly TlsServer[];
  /**
   * The readers of PROXY headers for this server. They emit `connection` for each connection whose header is
   * pending.
   */
  proxies: readonly EventEmitter[];
  /**
   * After watchConnections(), called when a connection is accepted, and with the connection when one has
   * closed.
   */
  onConnectionsChange: (closed?: Connection) => void;
  /** Whether systemd has the server's listeners open, too. */
  isListenerKept: boolean;
  /** How long the server drains when the app closes it, in milliseconds. */
  drainTimeout: number;
  /** Closes an upgraded connection that is not a WebSocket of `ws`. It must not throw. */
  closeUpgraded: CloseUpgraded | undefined;
}

/**
 * Closes a server without losing requests or resetting clients.
 *
 * If a busy process is late, its timers run before it reads what clients have sent meanwhile. So idle
 * connections are not ended in a timer, but at the end of that turn of the event loop, in setImmediate(),
 * after everything that had arrived is read.
 */
export class ServerDrain implements Drainable {
  readonly server: Server;
  /** Whether the server speaks HTTP, of either version. */
  readonly isHttp: boolean;
  /** Whether the server's own `close()` drains it. */
  drainsOnClose = false;
  readonly #trackConnections: () => Map<Socket, Connection>;
  #connections: Map<Socket, Connection> | undefined;
  readonly #drainTimeout: number;
  readonly #isListenerKept: boolean;
  readonly #closeUpgraded: CloseUpgraded | undefined;
  readonly #closed: Promise<void>;
  #stopWaiting: () => void = () => {};
  #isClosed = false;
  #isDraining = false;
  #isAccepting = true;
  /** Set while connections move to another process: whether an upgraded one can. */
  #keeps: ((stream: Socket) => boolean) | undefined;
  /** Whether the app has sent a connection to a child process. */
  #hasSent = false;
  /** The number of connections at which to search for sent ones. */
  #sweepSize = SENT_MIN;

  constructor(
    server: Server,
    {
      acceptors,
      proxies,
      onConnectionsChange,
      isListenerKept,
      drainTimeout,
      closeUpgraded,
    }: ServerDrainOptions,
  ) {
    this.server = server;
    this.isHttp = isHttpServer(server);
    this.#isListenerKept = isListenerKept;
    this.#drainTimeout = drainTimeout;
    this.#closeUpgraded = closeUpgraded;
    const upgraded = rememberUpgrades(server);
    this.#trackConnections = () =>
      trackConnections(server, [...proxies, ...acceptors], upgraded, (closed) => {
        if (this.connections.size >= this.#sweepSize) this.forgetSent();
        onConnectionsChange(closed);
      });
    // Otherwise, nothing is done for a connection until it is needed.
    if (acceptors.length > 0 || !listsConnections(server)) this.watchConnections();
    for (const each of [server, ...acceptors]) rememberSessions(each);
    this.#closed = new Promise((resolve) => {
      this.#stopWaiting = resolve;
      // Before the app's own listeners, because one may end the process.
      server.prependOnceListener("close", () => {
        this.#isClosed = true;
        resolve();
      });
    });
  }

  watchConnections(): void {
    void this.connections;
  }

  stopWaiting(): void {
    this.#stopWaiting();
  }

  get connections(): Connections {
    return (this.#connections ??= this.#trackConnections());
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /**
   * Each connection ends as its protocol requires: after its next response, or after the server's
   * `keepAliveTimeout`, when Node closes it. A server that is not an HTTP server stops accepting at once,
   * because only the app could disconnect its clients.
   */
  startDraining(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.forgetSent();
    for (const connection of this.connections.values())
      Object.assign(connection, { isEarlier: true, bytesBeforeDrain: connection.stream.bytesRead });
    const polling = setInterval(() => setImmediate(() => this.#endConnections()), POLL_MS);
    void this.#closed.then(() => clearInterval(polling));
    if (this.isHttp) {
      // Patches closeIdleConnections of this server. Many apps call it at a stop, and it would reset clients
      // that are about to send.
      (this.server as HttpServer).closeIdleConnections = () => {};
      closeAfterNextResponse(this.server as HttpServer, (stream) => this.isMovable(stream));
      this.#closeAfterPending();
    } else {
      void this.stopAccepting();
    }
    this.#endConnections();
  }

  handOver(keeps?: (stream: Socket) => boolean, arriving?: Promise<void>): Promise<void> {
    this.#keeps = keeps;
    this.startDraining();
    this.#closeListeners(arriving);
    return this.#closed;
  }

  /**
   * Whether this connection can move to another process: it uses HTTP/1 without TLS, or was upgraded and is
   * kept, and is from a passed socket.
   */
  isMovable(stream: Socket): boolean {
    if (!this.#keeps || !(speaksHttp(stream) || this.#keeps(stream))) return false;
    const connection = this.connections.get(stream);
    return connection?.fd !== undefined && !connection.inHandshake && !stream.destroyed;
  }

  hasMovableConnections(): boolean {
    return [...this.connections.keys()].some((socket) => this.isMovable(socket));
  }

  /**
   * Ends the connections that could not be moved, as at a stop, and those that can move only now, because
   * their PROXY header is late.
   */
  stopMoving(): void {
    if (!this.#keeps) return;
    const left = [...this.connections.values()].filter(({ stream }) => this.isMovable(stream));
    this.#keeps = undefined;
    for (const connection of left) connection.bytesBeforeDrain = connection.stream.bytesRead;
    this.#closeAfterPending();
  }

  #closeAfterPending(): void {
    for (const { stream } of this.connections.values())
      if (!this.isMovable(stream)) closeAfterPendingResponses(stream);
  }

  /** Gives the clients of idle connections a moment to close their side. */
  #closeClients(): void {
    const close = (): unknown =>
      this.#destroyConnections((each) => waitsForClient(each) && !this.isMovable(each.stream));
    const clientsClose = setTimeout(() => setImmediate(close), CLIENT_CLOSE_MS);
    void this.#closed.then(() => clearTimeout(clientsClose));
  }

  hasEarlierConnections(): boolean {
    // The map has the connections in the order of acceptance.
    const [oldest] = this.connections.values();
    return oldest?.isEarlier === true;
  }

  endIdleConnections(): void {
    for (const connection of this.connections.values())
      if (connection.isEarlier && isBetweenRequests(connection) && !this.isMovable(connection.stream))
        endConnection(connection);
  }

  hasArrivingConnections(): boolean {
    return (
      this.isHttp &&
      [...this.connections.values()].some(
        (connection) => isUnused(connection) && !isOlder(connection.since, FIRST_REQUEST_MS),
      )
    );
  }

  async acceptQueued(): Promise<void> {
    if (this.#isListenerKept || !this.#isAccepting) return;
    let accepted = 0;
    const listener = (): void => void (accepted += 1);
    this.server.on("connection", listener);
    // The first turn may be the rest of one that has begun.
    for (let turns = 0; turns < 2 && accepted < QUEUE_MAX; turns += 1) {
      const before = accepted;
      await turnOfTheLoop();
      if (accepted > before) turns = -1;
    }
    this.server.off("connection", listener);
  }

  stopAccepting(): Promise<void> {
    if (!this.#isAccepting) return this.#closed;
    this.endWaiting();
    this.#closeListeners();
    this.#endConnections();
    return this.#closed;
  }

  endWaiting(): void {
    this.#closeClients();
    this.endIdleConnections();
  }

  #closeListeners(arriving?: Promise<void>): void {
    if (!this.#isAccepting) return;
    this.#isAccepting = false;
    const close = (): void => {
      if (!this.#isClosed) closeListener(this.server);
    };
    if (arriving === undefined || this.#isClosed) return close();
    acceptNothing(this.server);
    void arriving.then(close);
  }

  /** Closes the listener now, unless systemd has it open, too. */
  releasePort(): void {
    if (!this.#isListenerKept) this.#closeListeners();
  }

  /** After `drainTimeout`, the inactive connections are destroyed. */
  async drainAlone(): Promise<void> {
    if (this.#isDraining) return this.#closed;
    const cap = after(this.#drainTimeout, () =>
      this.#destroyConnections((connection) => !isUnderWay(connection)),
    )?.unref();
    await drainAll([this], this.#drainTimeout);
    clearTimeout(cap);
  }

  forgetSent(): void {
    // A connection that moves to another process has no handle either.
    if (this.#keeps) return;
    for (const socket of this.connections.keys())
      if (isSentAway(socket)) {
        this.#hasSent = true;
        this.#connections?.delete(socket);
      }
    this.#sweepSize = Math.max(SENT_MIN, 2 * this.connections.size);
  }

  countSent(): Promise<number> {
    this.forgetSent();
    return new Promise((resolve) => {
      if (!this.#hasSent) return resolve(0);
      // Node asks the child processes. It reports an error if one of them has ended.
      this.server.getConnections((error, count) => resolve(error ? 0 : count - this.connections.size));
    });
  }

  destroyConnections(): number {
    return this.#destroyConnections(() => true);
  }

  /** Returns how many of the destroyed connections were active. */
  #destroyConnections(shouldDestroy: (connection: Connection) => boolean): number {
    this.forgetSent();
    const connections = [...this.connections.values()].filter(shouldDestroy);
    const underWay = connections.filter(isUnderWay);
    for (const { stream, socket } of connections) {
      stream.destroy();
      socket.destroy();
    }
    return underWay.length;
  }

  /**
   * Ends the connections that have waited too long for a request. Tells the other clients that their
   * connection ends.
   */
  #endConnections(): void {
    this.forgetSent();
    const goAwayPatience = Math.min(GOAWAY_MS, this.#drainTimeout / 4);
    for (const connection of this.connections.values()) {
      const { since, inHandshake, isEarlier, stream } = connection;
      if (this.isMovable(stream)) {
        endLongPoll(stream);
        continue;
      }
      const patience = this.#isAccepting || inHandshake ? FIRST_REQUEST_MS : LAST_FIRST_REQUEST_MS;
      if (isUnused(connection) && isOlder(since, patience)) endConnection(connection);
      // A connection from after the signal stays while new ones are accepted. Otherwise its client would
      // connect again at once.
      if (isEarlier || !this.#isAccepting) announceEnd(connection, this.#closeUpgraded, goAwayPatience);
    }
  }
}
