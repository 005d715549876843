import type { Socket } from "node:net";
import type { Internals } from "./ws-internals.ts";

// A connection that always has something to read is never between two messages by chance.

/**
 * Lets ws read the message that has begun to its end, and begin no other. What the client sends then stays as it
 * came. Does nothing if ws has no such function.
 */
export function holdReceiver({ _receiver: receiver }: Internals): void {
  const { getInfo } = receiver;
  if (Object.hasOwn(receiver, "getInfo") || typeof getInfo !== "function") return;
  // Patches getInfo of this receiver, which begins a frame.
  receiver.getInfo = (...args) => {
    if (receiver._fragmented !== 0) return getInfo.apply(receiver, args);
    receiver._loop = false;
    return undefined;
  };
}

/** Undoes holdReceiver(). */
export function releaseReceiver({ _receiver: receiver }: Internals): void {
  if (!Object.hasOwn(receiver, "getInfo")) return;
  delete receiver.getInfo;
  // It begins the next message when it gets something.
  if (receiver.writable && receiver._bufferedBytes > 0) receiver.write(Buffer.alloc(0));
}

/** Whether a message has begun whose rest has not come. */
export const lacksRest = ({ _receiver: receiver }: Internals): boolean =>
  receiver._writableState.length === 0 && (receiver._state !== 0 || receiver._fragmented !== 0);

/** How much has come of the next messages, in bytes. */
export const unreadBytes = ({ _receiver: receiver, _socket: socket }: Internals): number =>
  receiver._bufferedBytes + socket.readableLength;

/** Takes what has come of the next messages. */
export function takeUnread({ _receiver: receiver, _socket: socket }: Internals): Buffer {
  const chunks = receiver._buffers.splice(0);
  receiver._bufferedBytes = 0;
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
