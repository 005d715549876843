import type { Socket } from "node:net";
import process from "node:process";
import type { Internals, Receiver } from "./ws-internals.ts";

// A connection that always has something to read is never between two messages by chance.

/**
 * Lets ws read the message that has begun to its end, and begin no other. What the client sends then stays as it
 * came, and the kernel keeps the rest. Does nothing if ws has no such function.
 */
export function holdReceiver(ws: Internals): void {
  const { _receiver: receiver, _socket: socket } = ws;
  const { getInfo } = receiver;
  if (Object.hasOwn(receiver, "getInfo") || typeof getInfo !== "function") return;
  // Patches getInfo of this receiver, which begins a frame.
  receiver.getInfo = (...args) => {
    if (receiver._fragmented !== 0) return getInfo.apply(receiver, args);
    receiver._loop = false;
    // A fast client would send more than can move before the next attempt.
    stopReading(socket);
    return undefined;
  };
  // Patches _final of this receiver. The client has ended, or the connection has: ws then forgets what it has
  // not read.
  receiver._final = (done) => {
    process.nextTick(() => {
      restore(receiver);
      receiver._write(takeBuffers(receiver), "utf8", done);
    });
  };
}

/** Undoes holdReceiver(). */
export function releaseReceiver({ _receiver: receiver }: Internals): void {
  if (!restore(receiver) || !receiver.writable || receiver._bufferedBytes === 0) return;
  try {
    // It begins the next message when it gets something.
    receiver.write(Buffer.alloc(0));
  } catch (error) {
    // A listener of the app has failed. As when the message comes from the socket, nobody catches that.
    process.nextTick(() => {
      throw error;
    });
  }
}

/** Returns whether it was held. */
function restore(receiver: Receiver): boolean {
  if (!Object.hasOwn(receiver, "getInfo")) return false;
  delete receiver.getInfo;
  delete (receiver as Partial<Receiver>)._final;
  return true;
}

function takeBuffers(receiver: Receiver): Buffer {
  receiver._bufferedBytes = 0;
  return Buffer.concat(receiver._buffers.splice(0));
}

/** Whether a message has begun whose rest has not come. */
export const lacksRest = ({ _receiver: receiver }: Internals): boolean =>
  receiver._writableState.length === 0 && (receiver._state !== 0 || receiver._fragmented !== 0);

/** How much has come of the next messages, in bytes. */
export const unreadBytes = ({ _receiver: receiver, _socket: socket }: Internals): number =>
  receiver._bufferedBytes + socket.readableLength;

/** Takes what has come of the next messages. */
export function takeUnread({ _receiver: receiver, _socket: socket }: Internals): Buffer {
  const chunks = [takeBuffers(receiver)];
  // Node 26 returns one chunk for each call.
  while (socket.readableLength > 0) chunks.push(socket.read() as Buffer);
  return Buffer.concat(chunks);
}

interface Handle {
  reading: boolean;
  readStart?(): void;
  readStop?(): void;
}

const handleOf = (socket: Socket): Handle | null => (socket as unknown as { _handle: Handle | null })._handle;

/** Lets the kernel keep what the client sends. ws and the socket do not notice: they read when there is something. */
export function stopReading(socket: Socket): void {
  const handle = handleOf(socket);
  if (handle === null) return;
  handle.readStop?.();
  // Otherwise resume() would read again.
  handle.reading = true;
}

/** Undoes stopReading(). */
export function readAgain(socket: Socket): void {
  handleOf(socket)?.readStart?.();
}
