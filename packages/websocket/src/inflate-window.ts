import type { Deflate } from "./ws-internals.ts";

// A client that compresses with context refers to what it has sent before: RFC 7692, section 7.2.3.2. zlib
// keeps the last 32 kB of that, and has no function that returns them.

const WINDOW_BYTES = 2 ** 15;

/** With this as its dictionary, zlib has a whole window from the start, which a block can ask for. */
export const emptyWindow: Uint8Array = new Uint8Array(WINDOW_BYTES);

/** Whether the client's next message may refer to earlier ones. */
export function hasContext({ params }: Deflate): boolean {
  return params?.["client_no_context_takeover"] !== true;
}

/** The size of the client's window. */
function windowBytes({ params }: Deflate): number {
  const bits = params?.["client_max_window_bits"];
  return typeof bits === "number" ? 2 ** bits : WINDOW_BYTES;
}

/**
 * Resolves with what the client's next message may refer to. Undefined if ws does not show it. Nothing
 * changes: zlib decompresses a copy of its window, so it then has the same window.
 */
export async function readWindow(deflate: Deflate): Promise<Buffer | undefined> {
  const dictionary = deflate._options.zlibInflateOptions?.dictionary;
  if (dictionary?.length !== WINDOW_BYTES) return undefined;
  // Nothing was decompressed here yet.
  if (deflate._inflate === null) return Buffer.from(dictionary);
  const bytes = windowBytes(deflate);
  const { _maxPayload, cleanup } = deflate;
  let isClosed = false;
  // If the connection closes meanwhile, ws would close zlib under its own callback, which then throws.
  deflate.cleanup = () => void (isClosed = true);
  deflate._maxPayload = 0;
  const copy = await new Promise<Buffer | undefined>((resolve) => {
    deflate.decompress(copyBlock(bytes), false, (error, data) => resolve(error ? undefined : data));
  });
  deflate._maxPayload = _maxPayload;
  deflate.cleanup = cleanup;
  if (isClosed) deflate.cleanup();
  if (copy?.length !== bytes) return undefined;
  return Buffer.concat([Buffer.alloc(WINDOW_BYTES - bytes), copy]);
}

/** Makes the first message continue with this window. */
export function writeWindow(deflate: Deflate, window: Uint8Array): void {
  const { _options } = deflate;
  // Before ws 8.20, all connections of a server have the same object.
  deflate._options = {
    ..._options,
    zlibInflateOptions: { ..._options.zlibInflateOptions, dictionary: window },
  };
}

/** The longest copy of a block, in bytes, and the shortest: RFC 1951, section 3.2.5. */
const [COPY_MAX, COPY_MIN] = [258, 3];

/**
 * A block with fixed Huffman codes that repeats the last `bytes` bytes, and an empty stored block, after which
 * zlib has written everything: RFC 1951, section 3.2.6.
 */
function copyBlock(bytes: number): Buffer {
  const bits: number[] = [];
  const addNumber = (value: number, count: number): void => {
    for (let bit = 0; bit < count; bit += 1) bits.push((value >> bit) & 1);
  };
  const addCode = (value: number, count: number): void => {
    for (let bit = count - 1; bit >= 0; bit -= 1) bits.push((value >> bit) & 1);
  };
  // A power of two is the last distance of its code, with all extra bits set.
  const exponent = Math.log2(bytes);
  const addCopy = (length: number): void => {
    // Only these two lengths are used: code 285 without extra bits, and code 257 or 258.
    if (length === COPY_MAX) addCode(0b11000000 + 285 - 280, 8);
    else addCode(length - COPY_MIN + 1, 7);
    addCode(2 * exponent - 1, 5);
    addNumber(2 ** (exponent - 2) - 1, exponent - 2);
  };
  addNumber(0b010, 3);
  let left = bytes;
  while (left >= COPY_MAX + COPY_MIN || left === COPY_MAX) {
    addCopy(COPY_MAX);
    left -= COPY_MAX;
  }
  while (left > 0) {
    // Lengths from 3 to 10 have codes of their own.
    const length = left > 10 + COPY_MIN ? 10 : Math.min(left, left > 10 ? left - COPY_MIN : 10);
    addCopy(length);
    left -= length;
  }
  addCode(0, 7);
  addNumber(0b000, 3);
  while (bits.length % 8 > 0) bits.push(0);
  const block = Buffer.alloc(bits.length / 8);
  for (const [index, bit] of bits.entries()) block[index >> 3]! |= bit << (index & 7);
  return Buffer.concat([block, Buffer.from([0, 0, 0xff, 0xff])]);
}
