import type { Server, Socket } from "node:net";
import type { ConnectionHandle, ListenHandle } from "../shared/node-internals.ts";
import { type AdoptedConnection, keepers } from "../shared/connection-keepers.ts";
import { servedSockets } from "../shared/served-sockets.ts";
import { rememberUpgrade } from "../draining/upgrades.ts";

/** A handle that Node reads from. */
type ReadHandle = ConnectionHandle & { readStart?(): void; readStop?(): void };

/**
 * Gives a connection that was upgraded in another process to its keeper. Nothing is read from it before
 * `start()`.
 *
 * @throws if the keeper does not take it. The connection is then closed here, which its client does not see
 *   while the other process has it.
 */
export function takeUpgraded(
  fd: number,
  { name, data }: { name: string; data: string },
  connection: ReadHandle,
): AdoptedConnection {
  const served = servedSockets.get(fd);
  const keeper = keepers.get(name);
  let socket: Socket | undefined;
  try {
    if (served === undefined || served.tls !== undefined || keeper === undefined)
      throw new Error(`Nothing keeps the connection for ${name}`);
    const { server, handle } = served;
    socket = acceptUpgraded(server, handle, connection);
    if (socket === undefined) throw new Error("The server has refused the connection");
    const adopted = keeper.adopt(socket, data);
    connection.readStop?.();
    const taken = socket;
    return {
      request: adopted.request,
      start() {
        if (taken.destroyed) return;
        // Not before: a connection that does not read yet must not move on to the next process.
        rememberUpgrade(server, adopted.request, taken);
        connection.readStart?.();
        adopted.start();
      },
      receive: (late) => adopted.receive(late),
    };
  } catch (error) {
    if (socket === undefined) connection.close();
    else socket.destroy();
    throw error;
  }
}

/**
 * Makes a server count a connection that another process accepted and upgraded. Node's HTTP parser does not
 * get it. Undefined if the server rejects it (`blockList`).
 */
function acceptUpgraded(
  server: Server,
  handle: ListenHandle,
  connection: ConnectionHandle,
): Socket | undefined {
  const { maxConnections } = server;
  const emit = server.emit as (event: string, ...args: unknown[]) => boolean;
  const own = Object.getOwnPropertyDescriptor(server, "emit");
  let accepted: Socket | undefined;
  server.maxConnections = Infinity;
  // Patches emit of this server during this call.
  server.emit = function (this: Server, event: string, ...args: unknown[]): boolean {
    if (event !== "connection") return emit.call(this, event, ...args);
    accepted = args[0] as Socket;
    for (const listener of server.rawListeners(event))
      if (listener.name !== "connectionListener") listener.apply(server, args);
    return true;
  } as typeof server.emit;
  try {
    handle.onconnection(0, connection);
  } catch (error) {
    // A listener of the app has failed. The server no longer counts the connection.
    accepted?.destroy();
    throw error;
  } finally {
    if (own) Object.defineProperty(server, "emit", own);
    else delete (server as Partial<Server>).emit;
    server.maxConnections = maxConnections;
  }
  return accepted;
}
