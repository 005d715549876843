import type { Socket } from "node:dgram";
import { once } from "node:events";
import { stopReceiving } from "../node-internals.ts";
import type { Drainable } from "./drain.ts";

/** Makes a datagram socket leave what comes to the next process: the kernel's queue is that of the socket which systemd keeps. */
export class DatagramDrain implements Drainable {
  readonly connections: Drainable["connections"] = new Map();
  readonly #socket: Socket;
  #closed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.once("close", () => (this.#closed = true));
  }

  isSilent(): boolean {
    return true;
  }

  /** Receives no more. What the app is about to answer can still be sent. */
  async begin(): Promise<void> {
    if (!this.#closed && !stopReceiving(this.#socket)) await this.close();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    const closed = once(this.#socket, "close");
    this.#socket.close();
    await closed;
  }

  beginPatiently(): Promise<void> {
    return this.begin();
  }

  cut(): number {
    return 0;
  }
}
