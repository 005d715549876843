import type { Socket } from "node:net";
import { setImmediate as turnOfTheLoop, setTimeout as delay } from "node:timers/promises";
import type { KeptConnection } from "../shared/connection-keepers.ts";
import { attachHandle, detachHandle, idleSockets } from "../shared/node-connections.ts";
import { type ConnectionHandle, hasHandle, responseOf } from "../shared/node-internals.ts";
import { after, now } from "../shared/timers.ts";
import type { ServerDrain } from "./drain-server.ts";
import { upgradeOf } from "./upgrades.ts";

/**
 * The result of moving a connection: the other process has it, does not have it, or may have it. `declined`:
 * it does not have this one, and takes others.
 */
export type Delivery = "taken" | "declined" | "refused" | "unknown";

/** A connection in transit to another process. This process reads nothing more from it. */
export interface MovingConnection {
  /** The number of the passed socket that accepted it. */
  readonly fd: number;
  readonly socket: Socket;
  readonly handle: ConnectionHandle;
  /** Set for an upgraded connection. */
  readonly kept?: KeptConnection | undefined;
}

/** The process to which connections move. */
export interface Receiver {
  /** False if the process takes no more connections. */
  readonly isReceiving: boolean;
  /** How many connections the process has taken. */
  readonly taken: number;
  /** How this upgraded connection moves. Undefined if it can't, or if the process has no keeper for it. */
  keptConnection(stream: Socket): KeptConnection | undefined;
  /** Makes keptConnection() return undefined for this connection. */
  keepNot(stream: Socket): void;
  /**
   * Sends a connection. Resolves when the process has taken it, or not.
   *
   * @param data for the keeper of an upgraded connection
   * @param isMore whether the next connection follows at once
   * @param patience how long the process may take, in milliseconds
   */
  sendConnection(
    connection: MovingConnection,
    data: string | undefined,
    isMore: boolean,
    patience: number,
  ): Promise<Delivery>;
  /** Returns a function that sends data to the kept connection that was taken last. */
  sender(): (data: string) => Promise<boolean>;
  /** Tells the process that no more connections follow. */
  endMoving(): Promise<unknown>;
}

/** How many idle HTTP connections wait for their move at the same time. Their clients rarely send. */
const IDLE_MAX = 64;

/** How often to search for idle connections if no response has ended, in milliseconds. */
const POLL_MS = 20;

/**
 * How long a connection may wait for its move, in milliseconds. If its client sends something meanwhile, the
 * client waits as long.
 */
const WAIT_MS = 1000;

/**
 * Moves the HTTP/1 connections of these servers to another process, each between two requests, and the
 * upgraded connections that are kept, each when its keeper says so. Resolves when no movable connection is
 * left, when the other process has not taken one or takes no more, and at the deadline.
 *
 * This process reads nothing more from a connection that waits for its move. The client's next data stays in
 * the kernel, and only the other process reads it. A move takes a turn of the event loop of both processes,
 * and busy connections make these turns long. So this process stops reading each busy connection at the end
 * of the turn in which it is answered. The connection then takes no time, and the turns are short.
 *
 * @param deadline by now()
 * @param isArriving whether more connections may come from the process before this one
 */
export async function moveConnections(
  drains: readonly ServerDrain[],
  receiver: Receiver,
  { deadline, isArriving }: { deadline: number; isArriving: () => boolean },
): Promise<void> {
  const queue = new Queue(drains, receiver);
  try {
    // The end of a turn shows which connections are busy.
    await turnOfTheLoop();
    while (receiver.isReceiving && now() < deadline) {
      const next = queue.take();
      if (next === undefined) {
        if (!isArriving() && !drains.some((drain) => drain.hasMovableConnections())) return;
        await queue.change();
        continue;
      }
      const late = setTimeout(() => queue.giveBackAll(), WAIT_MS);
      const data = next.kept && (await packWithin(next.kept, deadline - now()));
      if (data === null) {
        clearTimeout(late);
        queue.giveBack(next);
        await turnOfTheLoop();
        continue;
      }
      const delivery =
        next.kept && data === undefined
          ? "declined"
          : await receiver.sendConnection(next, data, !queue.isEmpty, deadline - now());
      clearTimeout(late);
      if (delivery === "declined") receiver.keepNot(next.socket);
      if (delivery === "refused" || delivery === "declined") queue.giveBack(next);
      else end(next, delivery, receiver);
      if (delivery === "refused" || delivery === "unknown") return;
    }
  } finally {
    queue.close();
  }
}

/** Resolves with undefined if the keeper needs more time. The connection then does not move. */
async function packWithin(kept: KeptConnection, patience: number): Promise<string | null | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<undefined>((resolve) => {
    timer = after(patience, () => resolve(undefined));
  });
  try {
    return await Promise.race([kept.pack(), limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** A connection to move. */
interface Waiting extends MovingConnection {
  /** When its wait began, by now(). */
  readonly since: number;
  /** How many waited before it. */
  readonly ahead: number;
}

/** The connections that wait for their move. */
class Queue {
  readonly #drains: readonly ServerDrain[];
  readonly #receiver: Receiver;
  readonly #waiting: Waiting[] = [];
  /** The connections that were answered in this turn of the loop. */
  readonly #answered = new Set<Socket>();
  readonly #unwatch: (() => void)[] = [];
  /** When a kept connection was given back, by now(). */
  readonly #served = new WeakMap<Socket, number>();
  #wake = (): void => {};
  /** How many may wait. It decreases when one has waited too long, and then slowly increases. */
  #max = Infinity;
  #isClosed = false;

  /** Observes the responses of these servers, current and future ones. */
  constructor(drains: readonly ServerDrain[], receiver: Receiver) {
    this.#drains = drains;
    this.#receiver = receiver;
    for (const { server, connections } of drains) {
      for (const { stream } of connections.values())
        responseOf(stream)?.once("close", () => this.#noteAnswer(stream));
      const onRequest = ({ socket }: { socket: Socket }, response: NodeJS.EventEmitter): void => {
        response.once("close", () => this.#noteAnswer(socket));
      };
      // Only for events that the app listens to, because a listener changes Node's default behavior.
      for (const event of ["request", "checkContinue", "checkExpectation"]) {
        if (server.listenerCount(event) === 0) continue;
        server.prependListener(event, onRequest);
        this.#unwatch.push(() => server.off(event, onRequest));
      }
    }
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** The next connection to move. If no busy one waits, searches for idle ones. */
  take(): Waiting | undefined {
    if (this.isEmpty) this.#add(() => true, IDLE_MAX);
    const next = this.#waiting.shift();
    if (next === undefined) return undefined;
    const waited = now() - next.since;
    if (waited <= WAIT_MS) this.#max++;
    else {
      this.#max = Math.max(1, Math.floor((next.ahead * WAIT_MS) / waited));
      // Nothing was read from them, so they continue here.
      for (const each of this.#waiting.splice(this.#max)) this.giveBack(each);
    }
    return next;
  }

  /** Resolves when there may be a connection again. A request may also end without a response. */
  change(): Promise<unknown> {
    return Promise.race([new Promise<void>((resolve) => (this.#wake = resolve)), delay(POLL_MS)]);
  }

  /** Returns all waiting connections, because the other process takes none. Until it does, only one waits. */
  giveBackAll(): void {
    this.#max = 1;
    for (const each of this.#waiting.splice(0)) this.giveBack(each);
  }

  /** Lets this process continue with a connection. A kept one must not wait again before it was served. */
  giveBack({ socket, handle, kept }: Waiting): void {
    if (socket.destroyed) handle.close();
    else attachHandle(socket, handle);
    kept?.settle("back", async () => false);
    if (kept) this.#served.set(socket, now());
  }

  close(): void {
    this.#isClosed = true;
    for (const unwatch of this.#unwatch) unwatch();
    this.giveBackAll();
  }

  #noteAnswer(socket: Socket): void {
    if (this.#answered.size === 0) setImmediate(() => this.#addAnswered());
    this.#answered.add(socket);
  }

  /** At the end of a turn, nothing has been read yet of the next requests on the answered connections. */
  #addAnswered(): void {
    if (!this.#isClosed) this.#add((stream) => this.#answered.has(stream), this.#max);
    this.#answered.clear();
    this.#wake();
  }

  /** Adds connections between two requests, until this many wait. This process stops reading from them. */
  #add(isWanted: (stream: Socket) => boolean, max: number): void {
    for (const drain of this.#drains) {
      const idle = idleSockets(drain.server);
      for (const { socket, stream, fd } of drain.connections.values()) {
        // Kept connections may be busy too. So all that can move wait together, as those just answered.
        const isFull = this.#waiting.length >= (upgradeOf(stream) ? this.#max : max);
        if (isFull || fd === undefined || !isWanted(stream) || !drain.isMovable(stream)) continue;
        const kept = this.#receiver.keptConnection(stream);
        if (kept && now() - (this.#served.get(socket) ?? -Infinity) < WAIT_MS) continue;
        const isIdle =
          // It may be about to close, after its last response.
          stream.writable &&
          stream.writableLength === 0 &&
          (kept
            ? hasHandle(socket) && kept.stop()
            : (stream.bytesRead === 0 || idle.has(stream)) && responseOf(stream) === undefined);
        const handle = isIdle ? detachHandle(socket) : undefined;
        if (isIdle && handle !== undefined)
          this.#waiting.push({ fd, handle, kept, socket, since: now(), ahead: this.#waiting.length });
      }
    }
  }
}

/** Ends what is left of a connection here. */
function end({ socket, handle, kept }: Waiting, delivery: Delivery, receiver: Receiver): void {
  kept?.settle(delivery === "taken" ? "moved" : "lost", receiver.sender());
  socket.destroy();
  handle.close();
}
