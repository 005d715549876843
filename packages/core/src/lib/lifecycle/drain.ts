import { Server as HttpServer } from "node:http";
import { Server, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import process from "node:process";
import type { Server as TlsServer } from "node:tls";
import { speaksHttp } from "../node-internals.ts";
import { sayCloseFromNowOn, sayCloseInTurn } from "./answers.ts";
import { emit } from "./apps.ts";
import {
  type Connection,
  type Connections,
  currentResponse,
  isSilent,
  trackConnections,
} from "./connections.ts";
import type { Settings } from "./options.ts";
import { goAway, rememberSessions, sessionOf } from "./sessions.ts";
import { rememberUpgrades, webSocketOf } from "./upgrades.ts";

/** How long a connection of an HTTP server may wait for its first request while draining: as long as Node keeps an idle one. */
const FIRST_REQUEST = 5000;

/** How often connections are looked at while draining, for what has become of them since. Both in milliseconds. */
const LOOK = 100;

/** What stops when the process does. */
export interface Drainable {
  readonly connections: Connections;
  /** Whether nothing came over this connection yet, though the client has to speak first. */
  isSilent(connection: Connection): boolean;
  /** Takes no more, and fulfils when all that it has is done. */
  begin(): Promise<void>;
  /** The same, for an app that is in no hurry. */
  beginPatiently(): Promise<void>;
  /** Ends what is not done. Returns how much of it there was. */
  cut(which: "all"): number;
}

/** Closes a server so that no request is lost and no client is reset. */
export class Drain implements Drainable {
  readonly server: Server;
  readonly connections: Connections;
  /** Any server of HTTP, of either version. */
  readonly isHttp: boolean;
  /** Whether the server's own `close()` drains. */
  isPatient = false;
  readonly #settings: Pick<Settings, "drainTimeout" | "onDrainUpgraded">;
  readonly #upgrades: ReturnType<typeof rememberUpgrades>;
  /** The upgraded connections that know that it ends. */
  readonly #told = new WeakSet<Socket>();
  #drained: Promise<void> | undefined;

  /**
   * @param acceptors what speaks TLS for the server
   * @param changed called with each connection that comes or goes
   */
  constructor(
    server: Server,
    settings: Pick<Settings, "drainTimeout" | "onDrainUpgraded">,
    { acceptors, changed }: { acceptors: readonly TlsServer[]; changed: () => void },
  ) {
    this.server = server;
    this.isHttp = "headersTimeout" in server || "updateSettings" in server;
    this.#settings = settings;
    this.connections = trackConnections(server, acceptors, changed);
    this.#upgrades = rememberUpgrades(server);
    for (const each of [server, ...acceptors]) rememberSessions(each);
  }

  /** Whether nothing came over this connection yet, though the client has to speak first. */
  isSilent(connection: Connection): boolean {
    return this.isHttp && isSilent(connection);
  }

  get begun(): boolean {
    return this.#drained !== undefined;
  }

  /**
   * Accepts no more, and says goodbye on every connection in the way of its protocol. Fulfils when the last one has closed: which
   * none is made to do before it has been answered, or the time has passed for which it was promised to be kept alive. Node
   * sees to the latter (`keepAliveTimeout`).
   */
  begin(): Promise<void> {
    return (this.#drained ??= new Promise((resolve) => {
      const looking = setInterval(() => this.#sayGoodbye(), LOOK);
      this.server.once("close", () => {
        clearInterval(looking);
        resolve();
      });
      // Not http.Server's own close(), which resets clients that think, and in Node 26 those whose request is on its way.
      Server.prototype.close.call(this.server);
      if (this.isHttp) sayCloseFromNowOn(this.server as HttpServer);
      for (const { stream } of this.connections.values()) sayCloseInTurn(stream);
      this.#sayGoodbye();
    }));
  }

  /** Begins, and closes after `drainTimeout` those connections that nothing is under way on. The others may take their time. */
  beginPatiently(): Promise<void> {
    after(this.#settings.drainTimeout, () => this.cut("idle"))?.unref();
    return this.begin();
  }

  /** Cuts the connections that are still open; `idle`: only those that nothing is under way on. Returns how many had something under way. */
  cut(which: "all" | "idle"): number {
    const open = [...this.connections.values()];
    const underWay = open.filter((connection) => this.#isUnderWay(connection));
    for (const connection of open) {
      if (which === "idle" && underWay.includes(connection)) continue;
      connection.stream.destroy();
      connection.socket.destroy();
    }
    return underWay.length;
  }

  #sayGoodbye(): void {
    const { onDrainUpgraded } = this.#settings;
    for (const connection of this.connections.values()) {
      const { stream, since } = connection;
      if (this.isSilent(connection) && isOlder(since, FIRST_REQUEST)) stream.end();
      const session = sessionOf(stream);
      if (session && (session.used || isOlder(since, FIRST_REQUEST))) goAway(session);
      const upgrade = this.#upgrades.get(stream);
      if (upgrade === undefined) continue;
      const webSocket = webSocketOf(stream);
      // 1001 is for a server that goes down: RFC 6455, section 7.4.1.
      if (webSocket) this.#tell(stream, () => webSocket.close(1001));
      // A library may still be busy with the handshake.
      else if (onDrainUpgraded && isOlder(upgrade.since, LOOK))
        this.#tell(stream, () => void callHook(() => onDrainUpgraded(stream, upgrade.request)));
    }
  }

  #tell(whom: Socket, say: () => void): void {
    if (this.#told.has(whom)) return;
    this.#told.add(whom);
    say();
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
 * though their clients may be about to send.
 */
export function closePatiently(drain: Drain): void {
  const { server } = drain;
  if (!drain.isHttp) return;
  drain.isPatient = true;
  let called = false;
  let closed = false;
  server.once("close", () => (closed = true));
  server.close = (callback?: (error?: Error) => void) => {
    // As in Node: what does not listen can't be closed, and nothing can be twice. But the app does not know what a signal has begun.
    if (called || !(server.listening || drain.begun)) return Server.prototype.close.call(server, callback);
    called = true;
    if (callback && closed) process.nextTick(callback);
    else if (callback) server.once("close", () => callback());
    void drain.beginPatiently();
    return server;
  };
}

/** setTimeout() for any time: `Infinity`, or more than a timer of Node can, is never. */
export function after(timeout: number, action: () => void): NodeJS.Timeout | undefined {
  return timeout < 2 ** 31 ? setTimeout(action, timeout) : undefined;
}

/** An app's hook must not keep the others from being told. */
async function callHook(hook: () => unknown): Promise<void> {
  try {
    await hook();
  } catch (error) {
    emit({ type: "error", error });
  }
}

function isOlder(since: number, age: number): boolean {
  return performance.now() - since > age;
}
