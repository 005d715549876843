import type { Socket } from "node:dgram";
import { once } from "node:events";
import { stopReceiving } from "../shared/node-internals.ts";
import type { Drainable } from "./drainable.ts";

/** Makes a datagram socket leave later messages to the next process: the kernel's queue is that of the socket which systemd keeps. */
export class DatagramDrain implements Drainable {
  readonly connections: Drainable["connections"] = new Map();
  readonly #socket: Socket;
  #closed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.once("close", () => (this.#closed = true));
  }

  /** A message is dealt with as long as the servers of the process accept. */
  startDraining(): void {}

  hasEarlierConnections(): boolean {
    return false;
  }

  endIdleConnections(): void {}

  hasArrivingConnections(): boolean {
    return false;
  }

  /** Receives no more. What the app is about to answer can still be sent. */
  async stopAccepting(): Promise<void> {
    if (!this.#closed && !stopReceiving(this.#socket)) await this.close();
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
