import process from "node:process";
import { type AddressInfo, Server, type Socket } from "node:net";
import { areConnections, type PassedSocket } from "../activation/passed-socket.ts";
import { isHttpServer, isTlsServer } from "../shared/node-internals.ts";
import { runtimeError } from "../shared/runtime-errors.ts";
import { KEEP_BACKLOG } from "./bind-server.ts";
import { serverAddress } from "./server-address.ts";

/** @throws ActivationError `SOCKACT_ERR_BUN` if Bun can't serve these sockets with this server */
export function checkBun(
  server: Server,
  sockets: readonly PassedSocket[],
  { tls, proxy }: { tls: boolean; proxy: boolean },
): void {
  if (tls || isTlsServer(server) || hasCertificate(server)) throw runtimeError("tls");
  if (proxy) throw runtimeError("proxyProtocol");
  if (areConnections(sockets.map(({ socket }) => socket))) throw runtimeError("connection");
}

/**
 * Makes a server listen on these sockets on Bun. Only node:net of Bun can listen on a passed socket. So a
 * server of node:net accepts the connections of each socket, and this server serves them.
 */
export function bindOnBun(
  server: Server,
  sockets: readonly PassedSocket[],
  { backlog = KEEP_BACKLOG }: { backlog?: number | undefined },
): void {
  const [first] = sockets as [PassedSocket];
  const connections = new Set<Socket>();
  const allowHalfOpen = isHttpServer(server);
  const acceptors = sockets.map(() =>
    new Server({ allowHalfOpen }, (connection) => {
      connections.add(connection);
      connection.once("close", () => connections.delete(connection));
      server.emit("connection", connection);
    }).on("error", (cause) => {
      if (!isListening) return;
      layer.close();
      server.emit("error", Object.assign(runtimeError("sockets"), { cause }));
    }),
  );
  let isListening = true;
  const own = Object.getPrototypeOf(server) as Server;
  const layer = {
    get listening() {
      return isListening;
    },
    address: (): AddressInfo | string | null => (isListening ? serverAddress(first.socket) : null),
    close(callback?: (error?: Error) => void): Server {
      if (!isListening) return own.close.call(server, callback);
      isListening = false;
      if (callback) server.once("close", callback);
      for (const acceptor of acceptors) acceptor.close();
      return server;
    },
    getConnections(callback: (error: Error | null, count: number) => void): Server {
      process.nextTick(callback, null, connections.size);
      return server;
    },
    closeAllConnections(): void {
      for (const connection of connections) connection.destroy();
    },
    ref: () => each((acceptor) => acceptor.ref()),
    unref: () => each((acceptor) => acceptor.unref()),
  };
  const each = (act: (acceptor: Server) => unknown): Server => {
    for (const acceptor of acceptors) act(acceptor);
    return server;
  };
  // Patches these methods of this server, below those that others patch.
  Object.setPrototypeOf(server, Object.setPrototypeOf(layer, own));
  whenAll(acceptors, "close", () => server.emit("close"));
  whenAll(acceptors, "listening", () => server.emit("listening"));
  for (const [index, acceptor] of acceptors.entries())
    (acceptor.listen as (target: object, backlog: number) => Server)(
      { fd: (sockets[index] as PassedSocket).fd },
      backlog,
    );
}

/** Whether this is a server of Bun's node:https or node:http2 with TLS. Bun stores its options under private symbols. */
function hasCertificate(server: Server): boolean {
  const properties = server as unknown as Record<symbol, { cert?: unknown } | null | undefined>;
  return Object.getOwnPropertySymbols(server).some((symbol) => Boolean(properties[symbol]?.cert));
}

function whenAll(acceptors: readonly Server[], event: string, action: () => void): void {
  let left = acceptors.length;
  for (const acceptor of acceptors) acceptor.once(event, () => --left === 0 && action());
}
