import type { Socket } from "node:dgram";
import { once } from "node:events";
import { stopReceiving } from "../shared/node-internals.ts";
import type { Drainable } from "./drainable.ts";

/**
 * Stops a datagram socket. systemd keeps the socket open, so later messages wait in its queue for the next
 * process.
 */
export class DatagramDrain implements Drainable {
  readonly connections: Drainable["connections"] = new Map();
  readonly isHttp = false;
  readonly #socket: Socket;
  #closed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.once("close", () => (this.#closed = true));
  }

  /** The app still gets messages while the servers of the process accept connections. */
  startDraining(): void {}

  watchConnections(): void {}

  stopWaiting(): void {}

  forgetSent(): void {}

  async countSent(): Promise<number> {
    return 0;
  }

  hasEarlierConnections(): boolean {
    return false;
  }

  endIdleConnections(): void {}

  endWaiting(): void {}

  hasArrivingConnections(): boolean {
    return false;
  }

  async acceptQueued(): Promise<void> {}

  /** Stops receiving. The app can still send its answers. */
  async stopAccepting(): Promise<void> {
    if (!this.#closed && !stopReceiving(this.#socket)) await this.close();
  }

  handOver(): Promise<void> {
    return this.stopAccepting();
  }

  drainAlone(): Promise<void> {
    return this.stopAccepting();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    const closed = once(this.#socket, "close");
    this.#socket.close();
    await closed;
  }

  destroyConnections(): number {
    return 0;
  }
}
