import type { Socket } from "node:net";
import type { ActivationError } from "../shared/errors.ts";
import { after } from "../shared/timers.ts";
import { headerError } from "./header-error.ts";
import type { ParsedHeader, ProxyHeader } from "./header.ts";
import { parseProxyHeader } from "./parse-header.ts";

/** Exactly one of these is called, unless the connection closes before its first byte. */
interface Callbacks {
  /**
   * Called when the header has arrived. Bytes that arrived after it are read from the socket after this call,
   * as if they had arrived separately.
   */
  onHeader(header: ProxyHeader, bytes: Buffer): void;
  onFailure(error: ActivationError): void;
}

const PENDING = Symbol("sockact pending header");

/**
 * A connection before its header. All connections share the functions below: a function for each would cost
 * more than everything else.
 */
interface PendingSocket extends Socket {
  [PENDING]: PendingHeader;
}

/**
 * Reads the PROXY header of a new connection.
 *
 * @param timeout in milliseconds
 */
export function readHeader(socket: Socket, timeout: number, callbacks: Callbacks): void {
  const pending = socket as PendingSocket;
  pending[PENDING] = new PendingHeader(socket, timeout, callbacks);
  // Patches push of this socket until the header has been read. Node calls it with received data.
  socket.push = receiveChunk;
  socket.on("error", ignoreError).on("close", noticeClose);
  // Begins to read, even with the server option `pauseOnConnect`.
  socket.read(0);
}

class PendingHeader {
  readonly #socket: Socket;
  readonly #callbacks: Callbacks;
  readonly #push: Socket["push"];
  readonly #timer: NodeJS.Timeout | undefined;
  #received: Buffer | undefined;

  constructor(socket: Socket, timeout: number, callbacks: Callbacks) {
    this.#socket = socket;
    this.#callbacks = callbacks;
    this.#push = socket.push;
    this.#timer = after(timeout, () =>
      this.#fail(headerError(`The PROXY header has not arrived within ${timeout / 1000} s`)),
    );
  }

  /** @returns whether the socket may continue to read, as `push()` does */
  receive(chunk: Buffer): boolean {
    const received = this.#received === undefined ? chunk : Buffer.concat([this.#received, chunk]);
    this.#received = received;
    let parsed: ParsedHeader | undefined;
    try {
      parsed = parseProxyHeader(received);
    } catch (error) {
      this.#fail(error as ActivationError);
      return false;
    }
    if (parsed === undefined) return true;
    const { header, length } = parsed;
    this.#settle();
    const socket = this.#socket;
    socket.off("error", ignoreError);
    this.#callbacks.onHeader(header, Buffer.from(received.subarray(0, length)));
    return socket.destroyed || received.length === length || socket.push(received.subarray(length));
  }

  close(): void {
    // Health checks and port scans connect and send nothing.
    if (this.#received === undefined) this.#settle();
    else this.#fail(headerError("The connection closed within the PROXY header"));
  }

  #fail(error: ActivationError): void {
    this.#settle();
    this.#callbacks.onFailure(error);
  }

  #settle(): void {
    clearTimeout(this.#timer);
    this.#socket.push = this.#push;
    this.#socket.off("close", noticeClose);
  }
}

function receiveChunk(this: Socket, chunk: Buffer | null): boolean {
  if (chunk !== null) return (this as PendingSocket)[PENDING].receive(chunk);
  this.destroy();
  return false;
}

function noticeClose(this: Socket): void {
  (this as PendingSocket)[PENDING].close();
}

function ignoreError(): void {}
