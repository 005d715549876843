import type { IncomingMessage } from "node:http";
import type { Server, Socket } from "node:net";
import { now } from "../shared/timers.ts";

/** A connection that stopped being HTTP. */
export interface Upgrade {
  /** The request that asked for it. */
  readonly request: IncomingMessage;
  /** When it was upgraded, on the clock of now(). */
  readonly since: number;
}

const upgrades = new WeakMap<Socket, Upgrade>();

/** How this connection was upgraded; undefined when it was not. */
export function upgradeOf(socket: Socket): Upgrade | undefined {
  return upgrades.get(socket);
}

function rememberUpgrade(request: IncomingMessage, socket: Socket): void {
  upgrades.set(socket, { request, since: now() });
}

/**
 * Remembers the upgraded connections of a server. Listens only while the app does: a server with no listener for `upgrade`
 * answers such requests as if they asked for nothing, one with no listener for `connect` refuses them.
 */
export function rememberUpgrades(server: Server): void {
  const isListening = (event: string): boolean => server.listeners(event).includes(rememberUpgrade);
  const listenTo = (event: string): void => {
    if ((event === "upgrade" || event === "connect") && !isListening(event))
      server.on(event, rememberUpgrade);
  };
  for (const event of server.eventNames()) listenTo(event as string);
  server.on("newListener", (event: string, listener: unknown) => {
    if (listener !== rememberUpgrade) listenTo(event);
  });
  server.on("removeListener", (event: string) => {
    if (server.listenerCount(event) === 1 && isListening(event)) server.off(event, rememberUpgrade);
  });
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
