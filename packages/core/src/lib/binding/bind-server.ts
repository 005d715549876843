import { Server } from "node:net";
import {
  giveHandle,
  handleOf,
  joinHandles,
  type ListenHandle,
  deferListening,
  nativeListen,
  setPipeName,
} from "../shared/node-internals.ts";
import { isActivationError } from "../shared/errors.ts";
import { areConnections, type PassedSocket } from "../activation/passed-socket.ts";
import { type PreambleOf, redirectPreamble } from "./preamble.ts";
import { serveConnections } from "./serve-connections.ts";
import { rememberServed } from "../shared/served-sockets.ts";
import { serverAddress } from "./server-address.ts";

/**
 * Node calls listen(2) again, with a default backlog of 511, which would reduce a larger `Backlog=` of the
 * socket unit. The kernel limits this number to net.core.somaxconn, which is systemd's default.
 */
export const KEEP_BACKLOG = 0x7fffffff;

/**
 * Makes one server listen on all of these sockets. If they are connections, the server serves them. It emits
 * `listening` once, or `error`, after which it is closed.
 *
 * The server's own handle is that of the first socket. Each other socket gets a separate handle, owned by the
 * server. So `close()`, `getConnections()`, `maxConnections`, `ref()` and `unref()` affect all of them, and
 * the server's socket options apply to each.
 */
export function bindServer(
  server: Server,
  sockets: readonly PassedSocket[],
  { backlog = KEEP_BACKLOG, preambleOf }: { backlog?: number | undefined; preambleOf: PreambleOf },
): void {
  if (areConnections(sockets.map(({ socket }) => socket)))
    return serveConnections(server, sockets, preambleOf);
  const [first, ...others] = sockets as [PassedSocket, ...PassedSocket[]];
  const address = serverAddress(first.socket);
  const prepareHandle = <T extends ListenHandle | undefined>(handle: T, passedSocket: PassedSocket): T => {
    if (handle) prepareAccepting(handle, server, passedSocket, preambleOf);
    return handle;
  };
  const joinAcceptors = (acceptors: readonly Server[]): void => {
    const handle = handleOf(server);
    if (handle === undefined) return;
    if (typeof address === "string") setPipeName(server, address);
    prepareHandle(handle, first);
    const handles = acceptors.map((acceptor, index) =>
      prepareHandle(giveHandle(acceptor, server), others[index] as PassedSocket),
    );
    joinHandles(
      handle,
      handles.filter((each) => each !== undefined),
    );
    // The app asked for all sockets, so it must not get only some of them.
    if (handles.includes(undefined)) server.close();
  };
  if (first.fromPrimary) {
    void bindInWorker(server, sockets, {
      backlog,
      acceptors: others.map(() => createAcceptor(server)),
      joinAcceptors,
    });
    return;
  }
  listenOn(server, first, backlog);
  if (handleOf(server) === undefined) return;
  const acceptors = others.map(() => createAcceptor(server));
  for (const [index, acceptor] of acceptors.entries())
    listenOn(acceptor, others[index] as PassedSocket, backlog);
  joinAcceptors(acceptors);
}

/**
 * The same in a worker of node:cluster, which gets the handles from the primary later. No handle accepts
 * before the server has all of them.
 */
async function bindInWorker(
  server: Server,
  [first, ...others]: readonly PassedSocket[],
  {
    backlog,
    acceptors,
    joinAcceptors,
  }: { backlog: number; acceptors: readonly Server[]; joinAcceptors(acceptors: readonly Server[]): void },
): Promise<void> {
  try {
    const startListening = await Promise.all(
      acceptors.map((acceptor, index) => {
        const deferred = deferListening(acceptor);
        listenOn(acceptor, others[index] as PassedSocket, backlog);
        return deferred;
      }),
    );
    server.prependOnceListener("listening", () => {
      for (const start of startListening) start();
      joinAcceptors(acceptors);
    });
    listenOn(server, first as PassedSocket, backlog);
  } catch (error) {
    for (const acceptor of acceptors) acceptor.close();
    // An acceptor has already emitted any other error.
    if (isActivationError(error)) server.emit("error", error);
  }
}

/**
 * Makes a handle of a server process the preamble of its socket, and records which socket its connections
 * come from.
 */
export function prepareAccepting(
  handle: ListenHandle,
  server: Server,
  { fd, socket }: PassedSocket,
  preambleOf: PreambleOf,
): void {
  const preamble = preambleOf(socket);
  redirectPreamble(handle, server, preamble);
  rememberServed(fd, server, handle, preamble.tls);
}

/** Creates a server that accepts connections for another server. */
export function createAcceptor(server: Server): Server {
  return new Server().on("error", (error) => server.emit("error", error));
}

export function listenOn(server: Server, { fd, openedSocket }: PassedSocket, backlog: number): void {
  const handle = openedSocket && handleOf(openedSocket);
  const target = handle === undefined ? { fd } : { _handle: handle };
  // For a descriptor, Node ignores the option `backlog`, so this passes the positional argument.
  (nativeListen as (target: object, backlog: number) => Server).call(server, target, backlog);
}
