import type { Server as HttpServer } from "node:http";
import { Server, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import process from "node:process";
import type { Server as TlsServer } from "node:tls";
import { isHttpServer, speaksHttp } from "../shared/node-internals.ts";
import { closeAfterNextResponse, closeAfterPendingResponses } from "./last-responses.ts";
import { callHook } from "../lifecycle/app.ts";
import {
  type Connection,
  type Connections,
  currentResponse,
  isSilent,
  trackConnections,
} from "./connections.ts";
import { drainAll } from "./drain-all.ts";
import type { Drainable } from "./drainable.ts";
import { endLongPoll } from "./long-polls.ts";
import type { Settings } from "../lifecycle/settings.ts";
import { goAway, rememberSessions, sessionOf } from "./http2-sessions.ts";
import { after } from "../shared/timers.ts";
import { rememberUpgrades, webSocketOf } from "./upgrades.ts";

/** How long a connection may wait for its first request, in milliseconds: as long as Node keeps an idle one. */
export const FIRST_REQUEST_MS = 5000;

/** The same while nothing is accepted any more, since every new client waits for it. A handshake of TLS still has the longer time. */
const LAST_FIRST_REQUEST_MS = 2000;

/** How long a client may then take to close its side, in milliseconds. */
const LAST_CALL_MS = 1000;

/** How often connections are looked at while draining, in milliseconds: one may have been upgraded since, or have grown too old. */
const POLL_MS = 100;

type DrainSettings = Pick<Settings, "drainTimeout" | "onDrainUpgraded">;

/** Closes a server so that no request is lost and no client is reset. */
export class ServerDrain implements Drainable {
  readonly server: Server;
  readonly connections: Connections;
  /** Any server of HTTP, of either version. */
  readonly isHttp: boolean;
  /** Whether the server's own `close()` drains. */
  isPatient = false;
  readonly #settings: DrainSettings;
  readonly #upgrades: ReturnType<typeof rememberUpgrades>;
  /** The upgraded connections that know of the end. */
  readonly #told = new WeakSet<Socket>();
  /** The connections from before the drain, each with the number of bytes that it had brought by then. */
  readonly #earlier = new Map<Socket, number>();
  readonly #closed: Promise<void>;
  #isClosed = false;
  #begun = false;
  #finished: Promise<void> | undefined;

  /**
   * @param acceptors what speaks TLS for the server
   * @param changed called with each connection that comes or goes
   */
  constructor(
    server: Server,
    settings: DrainSettings,
    { acceptors, changed }: { acceptors: readonly TlsServer[]; changed: () => void },
  ) {
    this.server = server;
    this.isHttp = isHttpServer(server);
    this.#settings = settings;
    this.connections = trackConnections(server, acceptors, changed);
    this.#upgrades = rememberUpgrades(server);
    for (const each of [server, ...acceptors]) rememberSessions(each);
    this.#closed = new Promise((resolve) => {
      // Before the app's own listeners: one may end the process.
      server.prependOnceListener("close", () => {
        this.#isClosed = true;
        resolve();
      });
    });
  }

  isSilent(connection: Connection): boolean {
    return this.isHttp && isSilent(connection);
  }

  get begun(): boolean {
    return this.#begun;
  }

  /**
   * Each connection ends in the way of its protocol: not before it has been answered, or the time has passed for which it was promised to be kept
   * alive. Node sees to the latter (`keepAliveTimeout`). A server of another protocol stops accepting at once, since only the app
   * could send its clients away.
   */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    for (const { socket, stream } of this.connections.values()) this.#earlier.set(socket, stream.bytesRead);
    const looking = setInterval(() => this.#endConnections(), POLL_MS);
    void this.#closed.then(() => clearInterval(looking));
    if (this.isHttp) {
      closeAfterNextResponse(this.server as HttpServer);
      for (const { stream } of this.connections.values()) closeAfterPendingResponses(stream);
    } else {
      void this.finish();
    }
    this.#endConnections();
  }

  hasEarlierConnections(): boolean {
    for (const socket of this.#earlier.keys()) {
      if (this.connections.has(socket)) return true;
      this.#earlier.delete(socket);
    }
    return false;
  }

  endIdleConnections(): void {
    for (const connection of this.connections.values())
      if (this.#earlier.has(connection.socket) && this.#isIdle(connection)) endConnection(connection);
  }

  hasArrivingConnections(): boolean {
    return (
      this.isHttp &&
      [...this.connections.values()].some(
        (connection) => this.#isUnused(connection) && !isOlder(connection.since, FIRST_REQUEST_MS),
      )
    );
  }

  finish(): Promise<void> {
    if (this.#finished === undefined) {
      this.#finished = this.#closed;
      const lastCall = setTimeout(
        () => this.#cutAll((connection) => this.#waitsForClient(connection)),
        LAST_CALL_MS,
      );
      void this.#closed.then(() => clearTimeout(lastCall));
      this.endIdleConnections();
      // Not http.Server's own close(), which resets clients that think, and in Node 26 those whose request is on its way.
      if (!this.#isClosed) Server.prototype.close.call(this.server);
      this.#endConnections();
    }
    return this.#finished;
  }

  /** `drainTimeout` ends those connections that nothing is under way on. */
  async drainPatiently(): Promise<void> {
    if (this.#begun) return this.#closed;
    const cap = after(this.#settings.drainTimeout, () =>
      this.#cutAll((connection) => !this.#isUnderWay(connection)),
    )?.unref();
    await drainAll([this], this.#settings.drainTimeout);
    clearTimeout(cap);
  }

  cut(): number {
    return this.#cutAll(() => true);
  }

  /** Returns on how many of the connections that it has cut something was under way. */
  #cutAll(isMeant: (connection: Connection) => boolean): number {
    const meant = [...this.connections.values()].filter(isMeant);
    const underWay = meant.filter((connection) => this.#isUnderWay(connection));
    for (const { stream, socket } of meant) {
      stream.destroy();
      socket.destroy();
    }
    return underWay.length;
  }

  #endConnections(): void {
    const isLast = this.#finished !== undefined;
    for (const connection of this.connections.values()) {
      const { socket, since } = connection;
      const isEarlier = this.#earlier.has(socket);
      const patience = isLast && !connection.inHandshake ? LAST_FIRST_REQUEST_MS : FIRST_REQUEST_MS;
      if (this.#isUnused(connection) && isOlder(since, patience)) endConnection(connection);
      // One that has come since goes on until nothing is accepted any more, or it would be back at once.
      if (isEarlier || isLast) this.#announceEnd(connection);
    }
  }

  #announceEnd({ stream, since }: Connection): void {
    const session = sessionOf(stream);
    if (session?.used || (session && isOlder(since, FIRST_REQUEST_MS))) goAway(session);
    const upgrade = this.#upgrades.get(stream);
    if (upgrade === undefined) return endLongPoll(stream);
    const { onDrainUpgraded } = this.#settings;
    const webSocket = webSocketOf(stream);
    // 1001 is for a server that goes down: RFC 6455, section 7.4.1.
    if (webSocket) this.#tell(stream, () => webSocket.close(1001));
    // A library may still be busy with the handshake.
    else if (onDrainUpgraded && isOlder(upgrade.since, POLL_MS))
      this.#tell(stream, () => void callHook(() => onDrainUpgraded(stream, upgrade.request)));
  }

  #tell(stream: Socket, say: () => void): void {
    if (this.#told.has(stream)) return;
    this.#told.add(stream);
    say();
  }

  /** Whether the client has not asked for anything yet. */
  #isUnused(connection: Connection): boolean {
    const session = sessionOf(connection.stream);
    if (session) return !session.used;
    return connection.inHandshake || this.isSilent(connection);
  }

  /** Whether a connection of HTTP/1 from before is between two requests. */
  #isIdle(connection: Connection): boolean {
    const { socket, stream } = connection;
    // What has come since is a part of a request: a whole one would have been answered with `Connection: close`.
    return (
      speaksHttp(stream) &&
      currentResponse(connection) === undefined &&
      stream.bytesRead === this.#earlier.get(socket)
    );
  }

  /** Whether nothing is under way, and it ends as soon as its client wants it to. */
  #waitsForClient(connection: Connection): boolean {
    const { stream } = connection;
    if (this.#upgrades.has(stream)) return this.#told.has(stream) && webSocketOf(stream) !== undefined;
    const session = sessionOf(stream);
    if (session) return session.used && session.streams === 0;
    return this.#isIdle(connection);
  }

  /** Whether cutting it would lose something. */
  #isUnderWay(connection: Connection): boolean {
    const { inHandshake, stream } = connection;
    if (!this.isHttp) return true;
    if (this.#upgrades.has(stream)) return !this.#told.has(stream);
    if (speaksHttp(stream)) return currentResponse(connection) !== undefined;
    const session = sessionOf(stream);
    if (session) return session.streams > 0;
    return !inHandshake && !isSilent(connection);
  }
}

/**
 * Makes `close()` of an HTTP server drain, since apps call it when they are told to stop. Node's own closes idle connections at once,
 * though their clients may be about to send. Patches `close` of this server.
 */
export function closePatiently(drain: ServerDrain): void {
  const { server } = drain;
  if (!drain.isHttp) return;
  drain.isPatient = true;
  let called = false;
  let closed = false;
  /** Of later calls, which are an error. */
  const callbacks: ((error?: Error) => void)[] = [];
  server.once("close", () => {
    closed = true;
    for (const callback of callbacks) new Server().close(callback);
  });
  server.close = (callback?: (error?: Error) => void) => {
    // As in Node: what does not listen can't be closed, and nothing can be twice. But the app does not know what a signal has begun.
    if (called && !closed) {
      if (callback) callbacks.push(callback);
      return server;
    }
    if (called || !(server.listening || drain.begun)) return Server.prototype.close.call(server, callback);
    called = true;
    if (callback && closed) process.nextTick(callback);
    else if (callback) server.once("close", () => callback());
    void drain.drainPatiently();
    return server;
  };
}

/** Closes this side, and the whole connection once what has been written has gone. */
function endConnection({ stream }: Connection): void {
  const session = sessionOf(stream);
  if (session) goAway(session);
  // Any Duplex may be an HTTP connection, and only a net.Socket has destroySoon().
  else if (typeof stream.destroySoon === "function") stream.destroySoon();
  else stream.end();
}

function isOlder(since: number, age: number): boolean {
  return performance.now() - since > age;
}
