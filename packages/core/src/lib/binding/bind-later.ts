import type { AddressInfo, Server } from "node:net";
import process from "node:process";
import { areConnections, type PassedSocket } from "../activation/passed-socket.ts";
import { onceServing } from "../activation/serving.ts";
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
import { createAcceptor, KEEP_BACKLOG, listenOn, prepareAccepting } from "./bind-server.ts";
import type { PreambleOf } from "./preamble.ts";
import { giveConnections } from "./serve-connections.ts";
import { serverAddress } from "./server-address.ts";

/** An HTTP server, of either version, answers a client only with a listener for one of these events. */
const HANDLED = ["request", "upgrade", "connect", "checkContinue", "stream", "session"];

/**
 * Makes a server emit `listening` before it listens on anything. A tool that looks for a free port closes its
 * server then, and would close the socket with it. Calls `start` one turn of the event loop later, if the
 * server is still open. If an HTTP server has no handler yet, `start` is called when it gets one, so clients
 * wait instead of getting no answer.
 *
 * @param address the result of `server.address()`
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
    // The event is emitted before the listener is added.
    process.nextTick(() => onceHandled(server, action));
  };
  server.on("newListener", onNewListener);
}

/** How a server joins sockets. */
export interface JoinOptions {
  backlog?: number | undefined;
  preambleOf?: PreambleOf;
}

/**
 * `bindServer()` for a process that gets a handover: the server emits `listening`, but does not listen on the
 * sockets until this process may accept.
 */
export function bindServerLater(
  server: Server,
  sockets: readonly PassedSocket[],
  options: JoinOptions,
): void {
  const [first] = sockets as [PassedSocket];
  const handle = listenOnNothing(server, serverAddress(first.socket));
  onceServing(() => {
    if (handleOf(server) === handle) joinSockets(server, handle, sockets, options);
  });
}

/**
 * Makes a server that listens on nothing listen on these sockets. If they are connections, the server serves
 * them.
 */
export function joinSockets(
  server: Server,
  handle: ListenHandle,
  sockets: readonly PassedSocket[],
  { backlog = KEEP_BACKLOG, preambleOf = () => ({ proxy: undefined, tls: undefined }) }: JoinOptions = {},
): void {
  if (areConnections(sockets.map(({ socket }) => socket)))
    return giveConnections(server, handle, sockets, preambleOf);
  const acceptors = sockets.map(() => createAcceptor(server));
  if (sockets[0]?.fromPrimary) {
    void joinInWorker(server, handle, { sockets, acceptors, backlog, preambleOf });
    return;
  }
  for (const [index, acceptor] of acceptors.entries())
    listenOn(acceptor, sockets[index] as PassedSocket, backlog);
  join(server, handle, acceptors, prepareEach(server, sockets, preambleOf));
}

/** The same in a worker of node:cluster, which gets the handles from the primary later. */
async function joinInWorker(
  server: Server,
  handle: ListenHandle,
  {
    sockets,
    acceptors,
    backlog,
    preambleOf,
  }: {
    sockets: readonly PassedSocket[];
    acceptors: readonly Server[];
    backlog: number;
    preambleOf: PreambleOf;
  },
): Promise<void> {
  try {
    const deferred = acceptors.map((acceptor, index) => {
      const listening = deferListening(acceptor);
      listenOn(acceptor, sockets[index] as PassedSocket, backlog);
      return listening;
    });
    for (const start of await Promise.all(deferred)) start();
    join(server, handle, acceptors, prepareEach(server, sockets, preambleOf));
  } catch {
    // An acceptor has already emitted the error.
    for (const acceptor of acceptors) acceptor.close();
  }
}

/**
 * Makes a server that listens on nothing listen on its own port after all.
 *
 * @param listen makes a server listen on the port or path of the original `listen()`
 * @param onListening called when the server listens
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
    join(server, handle, [acceptor], () => {});
    onListening();
  });
  listen(acceptor);
}

/** @param prepare called with each handle and the index of its acceptor */
function join(
  server: Server,
  handle: ListenHandle,
  acceptors: readonly Server[],
  prepare: (handle: ListenHandle, index: number) => void,
): void {
  if (handleOf(server) !== handle) {
    for (const acceptor of acceptors) acceptor.close();
    return;
  }
  const handles = acceptors.map((acceptor) => giveHandle(acceptor, server));
  for (const [index, each] of handles.entries()) if (each) prepare(each, index);
  joinHandles(
    handle,
    handles.filter((each) => each !== undefined),
  );
  // The app asked for all sockets, so it must not get only some of them.
  if (handles.includes(undefined)) server.close();
}

function prepareEach(
  server: Server,
  sockets: readonly PassedSocket[],
  preambleOf: PreambleOf,
): (handle: ListenHandle, index: number) => void {
  return (handle, index) => prepareAccepting(handle, server, sockets[index] as PassedSocket, preambleOf);
}
