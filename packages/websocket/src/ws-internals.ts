import type { Socket } from "node:net";
import type { Writable } from "node:stream";
import type { WebSocket } from "ws";

// The parts of ws without a public name. They are the same from ws 8.0 to 8.23. If one is missing, a WebSocket
// does not move.

/** What ws writes to a connection with. A part of the Sender class. */
export interface Sender {
  _bufferedBytes: number;
  _queue?: unknown[];
  /** 0 if it neither compresses nor reads a Blob. */
  _state?: number;
  /** The same before ws 8.18. */
  _deflating?: boolean;
  _firstFragment?: boolean;
  send(data: unknown, options: SendOptions, done?: Done): void;
  ping(data: unknown, mask: boolean, done?: Done): void;
  pong(data: unknown, mask: boolean, done?: Done): void;
  close(code: number | undefined, data: unknown, mask: boolean, done?: Done): void;
}

export type Done = (error?: Error) => void;

export interface SendOptions {
  binary: boolean;
  compress: boolean;
  fin: boolean;
  mask: boolean;
}

export interface Receiver extends Writable {
  /** 0 between two frames. */
  _state: number;
  /** What has come, and was not read yet. */
  _buffers: Buffer[];
  _bufferedBytes: number;
  /** The opcode of the fragmented message that has begun. */
  _fragmented: number;
  /** Whether it reads the next frame too. */
  _loop: boolean;
  /** Begins a frame, if its first bytes have come. */
  getInfo?: (...args: unknown[]) => unknown;
  _writableState: { length: number };
}

/** The extension that compresses messages: RFC 7692. */
export interface Deflate {
  params: Record<string, unknown> | null;
  _options: { zlibInflateOptions?: { dictionary?: Uint8Array } | undefined };
  _maxPayload: number;
  _inflate: object | null;
  decompress(data: Buffer, fin: boolean, done: (error: Error | null, data: Buffer) => void): void;
  cleanup(): void;
}

export interface Internals {
  _socket: Socket;
  _sender: Sender;
  _receiver: Receiver;
  _readyState: number;
  _protocol: string;
  _extensions: Record<string, Deflate | undefined>;
}

/** The WebSocket of ws on a connection, and the symbol under which ws stores it there. */
export function webSocketOn(socket: Socket): { symbol: symbol; ws: WebSocket & Internals } | undefined {
  const properties = socket as Socket & Record<symbol, (WebSocket & Internals) | undefined>;
  for (const symbol of Object.getOwnPropertySymbols(socket)) {
    const ws = properties[symbol];
    if (ws?._socket === socket && typeof ws.terminate === "function") return { symbol, ws };
  }
  return undefined;
}

export const OPEN = 1;

/** The extension that compresses messages, if client and server use it. */
export function deflateOf(ws: Internals): Deflate | undefined {
  return ws._extensions["permessage-deflate"];
}

/**
 * Whether the connection is between two messages in both directions, and neither ws nor Node nor the kernel's
 * interface keeps a part of one that has begun. An app that has paused it is busy with one.
 */
export function isBetweenMessages(
  { isPaused, _readyState, _receiver, _socket }: WebSocket & Internals,
  sender: Sender,
): boolean {
  const { _handle: handle, _readableState: read } = _socket as unknown as {
    _handle: { writeQueueSize?: number } | null;
    _readableState: { ended: boolean };
  };
  return (
    _readyState === OPEN &&
    !isPaused &&
    _receiver._state === 0 &&
    Array.isArray(_receiver._buffers) &&
    _receiver._fragmented === 0 &&
    _receiver._writableState?.length === 0 &&
    (sender._state === 0 || sender._deflating === false) &&
    sender._queue?.length === 0 &&
    sender._firstFragment === true &&
    !read.ended &&
    _socket.writable &&
    _socket.writableLength === 0 &&
    handle?.writeQueueSize === 0
  );
}

/**
 * Makes ws forget a connection without its noticing: ws has listeners of the connection's events, which look
 * up the WebSocket there.
 */
export function forgetWebSocket(socket: Socket, symbol: symbol): void {
  const closed = {
    _closeFrameReceived: true,
    _socket: socket,
    _receiver: { end() {}, _writableState: { finished: true } },
    emitClose() {},
  };
  (socket as unknown as Record<symbol, unknown>)[symbol] = closed;
}
