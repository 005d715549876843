import { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { attachHandle, detachHandle, idleSockets } from "../shared/node-connections.ts";
import { type ConnectionHandle, responseOf } from "../shared/node-internals.ts";
import type { Connection } from "./connections.ts";
import type { ServerDrain } from "./drain-server.ts";

/** The result of moving a connection: the other process has it, does not have it, or may have it. */
export type Delivery = "taken" | "refused" | "unknown";

/** The process to which connections move. */
export interface Receiver {
  /** False if the process takes no more connections. */
  readonly isReceiving: boolean;
  /** Sends a connection. Fulfils when the process has taken it, or not. */
  sendConnection(fd: number, handle: ConnectionHandle): Promise<Delivery>;
  /** Tells the process that no more connections come. */
  endMoving(): void;
}

/** How many idle connections are looked for at once, because Node has only a list of all of them. */
const BATCH = 64;

/**
 * How many connections stop being read at once. They move one after the other, and a client that sends meanwhile waits for those before it. With one at a time,
 * a client that always sends its next request at once would hardly ever be idle when it is its turn.
 */
const GROUP = 4;

/** How often to look for idle connections if no response has ended, in milliseconds. A request may have ended without one. */
const POLL_MS = 20;

/**
 * Moves the HTTP/1 connections of these servers to another process, each when it is between two requests. Fulfils when no connection is left that can move, or
 * when the other process has not taken one, or takes no more.
 *
 * The process reads nothing more from a connection that it has chosen. So what its client sends next stays in the kernel, and only the other process reads it.
 */
export async function moveConnections(drains: readonly ServerDrain[], receiver: Receiver): Promise<void> {
  const answered = new Answered();
  for (const drain of drains) answered.watch(drain);
  try {
    while (drains.some((drain) => drain.hasMovableConnections())) {
      const chosen = drains.flatMap((drain) => chooseIdle(drain, answered.sockets));
      answered.sockets.clear();
      for (let at = 0; at < chosen.length; at += GROUP) {
        if (!receiver.isReceiving) return;
        if (!(await moveGroup(chosen.slice(at, at + GROUP), receiver))) return;
      }
      if (!receiver.isReceiving) return;
      if (chosen.length === 0) await Promise.race([answered.next(), delay(POLL_MS)]);
    }
  } finally {
    answered.stop();
  }
}

/** A connection between two requests. */
interface Idle {
  drain: ServerDrain;
  fd: number;
  connection: Connection;
  /** Another number of bytes means that a request has come. */
  bytesRead: number;
}

/** The connections of a server that may move now. First come those that have just been answered, because their clients send again soon. */
function chooseIdle(drain: ServerDrain, answered: ReadonlySet<Socket>): Idle[] {
  const idle = idleSockets(drain.server);
  const movable = [...drain.connections.values()].filter(
    ({ stream, fd }) =>
      fd !== undefined &&
      drain.isMovable(stream) &&
      (stream.bytesRead === 0 || idle.has(stream)) &&
      responseOf(stream) === undefined &&
      stream.writableLength === 0,
  );
  const first = movable.filter(({ stream }) => answered.has(stream));
  const others = movable.filter(({ stream }) => !answered.has(stream));
  return [...first, ...others.slice(0, Math.max(0, BATCH - first.length))].map((connection) => ({
    drain,
    fd: connection.fd as number,
    connection,
    bytesRead: connection.stream.bytesRead,
  }));
}

/** Fulfils with whether further connections can move. Those that were refused stay, because no process has read from them meanwhile. */
async function moveGroup(group: readonly Idle[], receiver: Receiver): Promise<boolean> {
  const detached = group.flatMap(({ drain, fd, connection: { socket }, bytesRead }) => {
    // While other connections were on their way, this one may have become busy. It stays for now.
    if (socket.bytesRead !== bytesRead || !drain.isMovable(socket)) return [];
    const handle = detachHandle(socket);
    return handle === undefined ? [] : [{ fd, socket, handle }];
  });
  let canMove = true;
  for (const { fd, socket, handle } of detached) {
    const delivery: Delivery = canMove ? await receiver.sendConnection(fd, handle) : "refused";
    canMove &&= delivery === "taken";
    if (delivery === "refused" && !socket.destroyed) {
      attachHandle(socket, handle);
      continue;
    }
    socket.destroy();
    handle.close();
  }
  return canMove;
}

/** The connections whose response has ended. */
class Answered {
  readonly sockets: Set<Socket> = new Set();
  readonly #unwatch: (() => void)[] = [];
  #wake = (): void => {};

  /** Watches the responses of a server: those that are under way, and those to come. */
  watch({ server, connections }: ServerDrain): void {
    for (const { stream } of connections.values()) responseOf(stream)?.once("close", () => this.#add(stream));
    const onRequest = ({ socket }: { socket: Socket }, response: NodeJS.EventEmitter): void => {
      response.once("close", () => this.#add(socket));
    };
    // Only for events that the app listens to, because a listener changes what Node does by default.
    for (const event of ["request", "checkContinue", "checkExpectation"]) {
      if (server.listenerCount(event) === 0) continue;
      server.prependListener(event, onRequest);
      this.#unwatch.push(() => server.off(event, onRequest));
    }
  }

  #add(socket: Socket): void {
    this.sockets.add(socket);
    this.#wake();
  }

  /** Fulfils when the next response has ended. */
  next(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  stop(): void {
    for (const unwatch of this.#unwatch) unwatch();
  }
}
