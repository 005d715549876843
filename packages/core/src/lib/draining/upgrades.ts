import type { IncomingMessage } from "node:http";
import type { Server, Socket } from "node:net";
import { performance } from "node:perf_hooks";

/** A connection that stopped being HTTP. */
export interface Upgrade {
  /** What asked for it. */
  request: IncomingMessage;
  /** When, on the clock of performance.now(). */
  since: number;
}

/**
 * Remembers the upgraded connections of a server. Listens only while the app does: a server with no listener for `upgrade`
 * answers such requests as if they asked for nothing, one with no listener for `connect` refuses them.
 */
export function rememberUpgrades(server: Server): WeakMap<Socket, Upgrade> {
  const upgrades = new WeakMap<Socket, Upgrade>();
  const remember = (request: IncomingMessage, socket: Socket): void =>
    void upgrades.set(socket, { request, since: performance.now() });
  const isOurs = (event: string): boolean => server.listeners(event).includes(remember);
  const listen = (event: string): void => {
    if ((event === "upgrade" || event === "connect") && !isOurs(event)) server.on(event, remember);
  };
  for (const event of server.eventNames()) listen(event as string);
  server.on("newListener", (event: string, listener: unknown) => {
    if (listener !== remember) listen(event);
  });
  server.on("removeListener", (event: string) => {
    if (server.listenerCount(event) === 1 && isOurs(event)) server.off(event, remember);
  });
  return upgrades;
}

/** A WebSocket of the `ws` library. */
interface WebSocket {
  _socket: Socket;
  close(code: number): void;
}

/** The WebSocket that the `ws` library made of this connection. It keeps it on the socket, under a symbol of its own. */
export function webSocketOf(socket: Socket): WebSocket | undefined {
  const properties = socket as Socket & Record<symbol, Partial<WebSocket> | undefined>;
  for (const symbol of Object.getOwnPropertySymbols(socket)) {
    const value = properties[symbol];
    if (value?._socket === socket && typeof value.close === "function") return value as WebSocket;
  }
  return undefined;
}
