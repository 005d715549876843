import type { AddressInfo, Server } from "node:net";
import process from "node:process";
import type { PassedSocket } from "../activation/passed-socket.ts";
import {
  deferListening,
  giveHandle,
  handleOf,
  isHttpServer,
  joinHandles,
  type ListenHandle,
  listenOnNothing,
  setPipeName,
} from "../shared/node-internals.ts";
import { createAcceptor, KEEP_BACKLOG, listenOn } from "./bind-server.ts";
import { areConnections, handOver } from "./serve-connections.ts";

/** A server of HTTP, of either version, does something with a client only if it has a listener of one of these. */
const HANDLED = ["request", "upgrade", "connect", "checkContinue", "stream", "session"];

/**
 * Makes a server emit `listening` before it listens on anything. What only looks whether a port is free closes its server then, and a socket that it had
 * listened on would be closed too. Calls `start` a turn of the event loop later, if the server is still open. A server of HTTP has to have a handler by then:
 * otherwise `start` is called when it gets one, and clients wait instead of getting no answer.
 *
 * @param address what `server.address()` gives
 */
export function listenLater(
  server: Server,
  address: AddressInfo | string,
  start: (handle: ListenHandle) => void,
): void {
  const handle = listenOnNothing(server, address);
  server.once("listening", () =>
    setImmediate(() => {
      onceHandled(server, () => {
        if (handleOf(server) === handle) start(handle);
      });
    }),
  );
}

function onceHandled(server: Server, action: () => void): void {
  if (!isHttpServer(server) || HANDLED.some((event) => server.listenerCount(event) > 0)) return action();
  const onNewListener = (event: string | symbol): void => {
    if (!HANDLED.includes(String(event))) return;
    server.off("newListener", onNewListener);
    // The server has the listener by then.
    process.nextTick(() => onceHandled(server, action));
  };
  server.on("newListener", onNewListener);
}

/** Makes a server that listens on nothing listen on these sockets, or serve them where they are connections. */
export function joinSockets(
  server: Server,
  handle: ListenHandle,
  sockets: readonly PassedSocket[],
  backlog: number = KEEP_BACKLOG,
): void {
  if (areConnections(sockets.map(({ socket }) => socket)))
    return handOver(server, handle, sockets, () => undefined);
  const acceptors = sockets.map(() => createAcceptor(server));
  if (sockets[0]?.fromPrimary) {
    void joinInWorker(server, handle, { sockets, acceptors, backlog });
    return;
  }
  for (const [index, acceptor] of acceptors.entries())
    listenOn(acceptor, sockets[index] as PassedSocket, backlog);
  join(server, handle, acceptors);
}

/** In a worker of node:cluster the primary hands the handles over, later. */
async function joinInWorker(
  server: Server,
  handle: ListenHandle,
  {
    sockets,
    acceptors,
    backlog,
  }: { sockets: readonly PassedSocket[]; acceptors: readonly Server[]; backlog: number },
): Promise<void> {
  try {
    const deferred = acceptors.map((acceptor, index) => {
      const listening = deferListening(acceptor);
      listenOn(acceptor, sockets[index] as PassedSocket, backlog);
      return listening;
    });
    for (const start of await Promise.all(deferred)) start();
    join(server, handle, acceptors);
  } catch {
    // It has been an `error` of an acceptor.
    for (const acceptor of acceptors) acceptor.close();
  }
}

/**
 * Makes a server that listens on nothing listen by itself after all.
 *
 * @param listen makes a server listen where this one has been told to
 * @param onListening called when it does
 */
export function joinOwn(
  server: Server,
  handle: ListenHandle,
  listen: (acceptor: Server) => void,
  onListening: () => void,
): void {
  const acceptor = createAcceptor(server);
  acceptor.once("listening", () => {
    const address = acceptor.address();
    if (typeof address === "string") setPipeName(server, address);
    else Object.assign(handle, { getsockname: (out: object) => (Object.assign(out, address), 0) });
    join(server, handle, [acceptor]);
    onListening();
  });
  listen(acceptor);
}

function join(server: Server, handle: ListenHandle, acceptors: readonly Server[]): void {
  if (handleOf(server) !== handle) {
    for (const acceptor of acceptors) acceptor.close();
    return;
  }
  const handles = acceptors.map((acceptor) => giveHandle(acceptor, server));
  joinHandles(
    handle,
    handles.filter((each) => each !== undefined),
  );
  // A part of them would be more than nothing, but not what was asked for.
  if (handles.includes(undefined)) server.close();
}
