import { closeSync, openSync } from "node:fs";
import type { Server } from "node:net";
import {
  type ConnectionHandle,
  connectionHandleOf,
  handleOf,
  type ListenHandle,
  listenOnNothing,
  openConnection,
} from "../shared/node-internals.ts";
import type { PassedSocket } from "../activation/passed-socket.ts";
import { type PreambleOf, redirectPreamble } from "./preamble.ts";
import { serverAddress } from "./server-address.ts";

/**
 * Makes a server serve only these connections, as if it had accepted them. It emits `listening` first,
 * because apps and Node's timeouts expect that.
 */
export function serveConnections(
  server: Server,
  connections: readonly PassedSocket[],
  preambleOf: PreambleOf,
): void {
  const handle = listenOnNothing(server, serverAddress((connections[0] as PassedSocket).socket));
  // All listeners of `listening` must run first, as with every connection.
  server.once("listening", () =>
    setImmediate(() => giveConnections(server, handle, connections, preambleOf)),
  );
}

/** Passes these connections to a server that listens on nothing. */
export function giveConnections(
  server: Server,
  handle: ListenHandle,
  connections: readonly PassedSocket[],
  preambleOf: PreambleOf,
): void {
  const { onconnection } = handle;
  // The server closes with its last connection, and a framework may call address() only then. Fastify looks
  // up localhost first, and throws if the address is null.
  const address = server.address();
  server.address = () => address;
  for (const { socket, openedSocket } of connections) {
    // The server was closed meanwhile.
    if (handleOf(server) !== handle) return;
    const connection = openedSocket ? connectionHandleOf(openedSocket) : openConnection(socket.fd);
    if (socket.fd === 0) freeStandardInput(connection);
    handle.onconnection = onconnection;
    redirectPreamble(handle, server, preambleOf(socket));
    handle.onconnection(0, connection);
  }
}

/**
 * Closes standard input together with the connection. Node would keep it, and so the connection, open until
 * the process ends.
 */
function freeStandardInput(connection: ConnectionHandle): void {
  // Patches close() of the connection's handle.
  const { close } = connection;
  connection.close = function (this: ConnectionHandle, callback?: () => void): void {
    close.call(this, () => {
      closeSync(0);
      // Otherwise the next opened file would become standard input.
      openSync("/dev/null", "r");
      callback?.();
    });
  };
}
