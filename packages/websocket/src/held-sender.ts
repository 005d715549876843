import type { LateCall } from "./message.ts";
import type { Done, Sender, SendOptions } from "./ws-internals.ts";
import { WebSocketMoveError } from "./errors.ts";

/** How much of what was kept may move together with the WebSocket, in bytes. */
const PACKED_BYTES_MAX = 2 ** 16;

/** The largest message that follows a WebSocket to the other process, in bytes. */
const LATE_BYTES_MAX = 2 ** 20;

/** The codes with which an app that ends closes all its WebSockets: RFC 6455, section 7.4.1, and IANA. */
const ENDING: ReadonlySet<number | undefined> = new Set([undefined, 1000, 1001, 1012]);

/** Sends a call to the other process. Resolves when it is written, with false if that is not possible. */
type Forward = (call: LateCall) => Promise<boolean>;

const alwaysSent: Forward = async () => true;

type Call =
  | readonly ["send", data: unknown, options: SendOptions, done: Done | undefined]
  | readonly ["ping" | "pong", data: unknown, mask: boolean, done: Done | undefined]
  | readonly ["close", code: number | undefined, data: unknown, mask: boolean, done: Done | undefined];

/**
 * Replaces the sender of a WebSocket while it moves, and after that. First it keeps what the app sends. Then it
 * returns that to the real sender, or sends the messages to the process that has the WebSocket.
 */
export class HeldSender implements Sender {
  /** ws adds this to `bufferedAmount`. */
  _bufferedBytes = 0;
  readonly _queue: unknown[] = [];
  readonly _state = 0;
  readonly _firstFragment = true;
  #held: Call[] = [];
  /** How many of them move together with the WebSocket. */
  #packed = 0;
  #forward: Forward | undefined;
  /** The fragments of messages. */
  readonly #fragments = new WeakSet<Call>();
  #isFragmented = false;

  send(data: unknown, options: SendOptions, done?: Done): void {
    this._bufferedBytes += sizeOf(data) || 0;
    this.#note(["send", data, options, done]);
  }

  ping(data: unknown, mask: boolean, done?: Done): void {
    this.#note(["ping", data, mask, done]);
  }

  pong(data: unknown, mask: boolean, done?: Done): void {
    this.#note(["pong", data, mask, done]);
  }

  close(code: number | undefined, data: unknown, mask: boolean, done?: Done): void {
    this.#note(["close", code, data, mask, done]);
  }

  /** Sends what was kept with the real sender, in order. */
  release(sender: Sender): void {
    for (const call of this.#held.splice(0)) {
      try {
        repeat(call, sender);
      } catch (error) {
        // The caller's mistake, such as an invalid code of close().
        finish(call, error as Error);
      }
    }
  }

  /**
   * Returns the beginning of what was kept, which moves with the WebSocket: the other process sends it first, and
   * the rest follows. Undefined if a part of it can neither move nor follow.
   */
  pack(): LateCall[] | undefined {
    const calls = this.#held.map((call) => this.#lateCallOf(call));
    if (calls.includes(undefined)) return undefined;
    let bytes = 0;
    const isTooMuch = (call: Call): boolean => (bytes += sizeOf(call[1]) || 0) > PACKED_BYTES_MAX;
    const end = this.#held.findIndex(isTooMuch);
    this.#packed = end < 0 ? calls.length : end;
    return calls.slice(0, this.#packed) as LateCall[];
  }

  /** Sends the rest of what was kept to the other process, and from now on the messages. */
  forwardTo(forward: Forward): void {
    for (const [index, call] of this.#held.splice(0).entries())
      void this.#pass(call, index < this.#packed ? alwaysSent : forward);
    this.#forward = forward;
  }

  #note(call: Call): void {
    if (call[0] === "send") {
      const { fin } = call[2];
      if (!fin || this.#isFragmented) this.#fragments.add(call);
      this.#isFragmented = !fin;
    }
    if (this.#forward === undefined) this.#held.push(call);
    // An old process that ends closes what it knows, also a WebSocket that has moved.
    else void this.#pass(call, call[0] === "close" && ENDING.has(call[1]) ? alwaysSent : this.#forward);
  }

  async #pass(call: Call, forward: Forward): Promise<void> {
    const late = this.#lateCallOf(call);
    const isSent = late !== undefined && (await forward(late));
    if (call[0] === "send") this._bufferedBytes -= sizeOf(call[1]) || 0;
    finish(call, isSent ? undefined : movedError());
  }

  /**
   * Undefined if it can't follow. A fragment can't: the other process may send a message before the next one.
   */
  #lateCallOf(call: Call): LateCall | undefined {
    return this.#fragments.has(call) ? undefined : lateCallOf(call);
  }
}

function repeat(call: Call, sender: Sender): void {
  if (call[0] === "send") sender.send(call[1], call[2], call[3]);
  else if (call[0] === "close") sender.close(call[1], call[2], call[3], call[4]);
  else sender[call[0]](call[1], call[2], call[3]);
}

function finish(call: Call, error: Error | undefined): void {
  const done = call.at(-1);
  if (typeof done === "function") process.nextTick(done, error);
}

function movedError(): WebSocketMoveError {
  return new WebSocketMoveError(
    "SOCKACT_ERR_WEBSOCKET_MOVED",
    "The WebSocket has moved to another process, and this message can't follow it",
  );
}

function lateCallOf(call: Call): LateCall | undefined {
  if (call[0] === "close") {
    const [, code = null, reason] = call;
    return { close: code, reason: sizeOf(reason) > 0 ? toBuffer(reason).toString() : "" };
  }
  const data = call[1];
  // Of a Blob, the size is not a number.
  if (!(sizeOf(data) <= LATE_BYTES_MAX)) return undefined;
  // An answer to the client's ping, or a ping whose answer the state of the WebSocket waits for.
  if (call[0] !== "send") {
    const bytes = toBuffer(data).toString("base64");
    return call[0] === "ping" ? { ping: bytes } : { pong: bytes };
  }
  const { binary, compress } = call[2];
  const send = toBuffer(data).toString(binary ? "base64" : "utf8");
  return { send, isBinary: binary, compress };
}

function toBuffer(data: unknown): Buffer {
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.from(data as string);
}

/** The size of data that `send()` takes. NaN for a Blob, whose bytes are read later. */
function sizeOf(data: unknown): number {
  if (typeof data === "string") return Buffer.byteLength(data);
  if (data instanceof ArrayBuffer || ArrayBuffer.isView(data)) return data.byteLength;
  return Array.isArray(data) ? data.length : NaN;
}
