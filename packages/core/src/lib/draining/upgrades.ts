import type { IncomingMessage } from "node:http";
import type { Server, Socket } from "node:net";
import { processState } from "../shared/process-state.ts";
import { now } from "../shared/timers.ts";

/** An upgraded connection. */
export interface Upgrade {
  /** The request that asked for the upgrade. */
  readonly request: IncomingMessage;
  /** When it was upgraded, by now(). */
  readonly since: number;
}

const upgrades = processState("upgrades", {
  of: new WeakMap<Socket, Upgrade>(),
  remember: new WeakMap<Server, (request: IncomingMessage, socket: Socket) => void>(),
});

/** The upgrade of this connection, or undefined. */
export function upgradeOf(socket: Socket): Upgrade | undefined {
  return upgrades.of.get(socket);
}

/** Records a connection that was upgraded in another process. */
export function rememberUpgrade(server: Server, request: IncomingMessage, socket: Socket): void {
  upgrades.remember.get(server)?.(request, socket);
}

/**
 * Records the upgraded connections of a server, and returns the open ones.
 *
 * It listens to `upgrade` and `connect` only while the app does, because a listener changes Node's behavior:
 * without one, a server answers an upgrade request as a plain request, and rejects CONNECT.
 */
export function rememberUpgrades(server: Server): ReadonlySet<Socket> {
  const open = new Set<Socket>();
  const noteUpgrade = (request: IncomingMessage, socket: Socket): void => {
    upgrades.of.set(socket, { request, since: now() });
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  };
  upgrades.remember.set(server, noteUpgrade);
  const isListening = (event: string): boolean => server.listeners(event).includes(noteUpgrade);
  const listenTo = (event: string): void => {
    if ((event === "upgrade" || event === "connect") && !isListening(event)) server.on(event, noteUpgrade);
  };
  for (const event of server.eventNames()) listenTo(event as string);
  server.on("newListener", (event: string, listener: unknown) => {
    if (listener !== noteUpgrade) listenTo(event);
  });
  server.on("removeListener", (event: string) => {
    if (server.listenerCount(event) === 1 && isListening(event)) server.off(event, noteUpgrade);
  });
  return open;
}

/** A WebSocket of the `ws` library. */
interface WebSocket {
  _socket: Socket;
  close(code: number): void;
}

/**
 * The WebSocket of the `ws` library on this connection. The library stores it on the socket, under a private
 * symbol.
 */
export function webSocketOf(socket: Socket): WebSocket | undefined {
  const properties = socket as Socket & Record<symbol, Partial<WebSocket> | undefined>;
  for (const symbol of Object.getOwnPropertySymbols(socket)) {
    const value = properties[symbol];
    if (value?._socket === socket && typeof value.close === "function") return value as WebSocket;
  }
  return undefined;
}
