import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { promisify } from "node:util";
import { constants, createDeflateRaw, createInflateRaw } from "node:zlib";

const TAIL = Buffer.from([0, 0, 0xff, 0xff]);

/** One frame of a client: RFC 6455, section 5.2. `first` is its first byte. */
export function frame(first: number, payload: Buffer | string = "", isMasked = true): Buffer {
  const data = Buffer.from(payload as string);
  const mask = isMasked ? 0x80 : 0;
  const head =
    data.length < 126
      ? Buffer.from([first, mask | data.length])
      : data.length < 65_536
        ? Buffer.from([first, mask | 126, data.length >> 8, data.length & 0xff])
        : Buffer.from([first, mask | 127, 0, 0, 0, 0, 0, 0, 0, 0]);
  if (data.length >= 65_536) head.writeBigUInt64BE(BigInt(data.length), 2);
  if (!isMasked) return Buffer.concat([head, data]);
  const key = [1, 2, 3, 4];
  return Buffer.concat([head, Buffer.from(key), data.map((byte, index) => byte ^ key[index % 4]!)]);
}

/** Node 26 returns one chunk for each call of read(). */
function readAll(stream: Readable): Buffer {
  const chunks: Buffer[] = [];
  while (stream.readableLength > 0) chunks.push(stream.read() as Buffer);
  return Buffer.concat(chunks);
}

/** A WebSocket client that sends any bytes, and notes what it gets. */
export class RawWebSocket {
  readonly #socket: Socket;
  readonly #deflate = createDeflateRaw();
  readonly #inflate = createInflateRaw();
  #bytes: Buffer = Buffer.alloc(0);
  #seen: string[] = [];
  #hasEnded = false;
  #wake = (): void => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => {});
    socket.on("data", (data: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, data]);
      this.#wake();
    });
    for (const event of ["end", "close"])
      socket.once(event, () => {
        this.#hasEnded = true;
        this.#wake();
      });
  }

  async open(deflate: boolean): Promise<void> {
    const lines = [
      "GET / HTTP/1.1",
      "Host: test",
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
      ...(deflate ? ["Sec-WebSocket-Extensions: permessage-deflate"] : []),
    ];
    this.#socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    while (!this.#bytes.includes("\r\n\r\n")) await this.#more();
    this.#bytes = this.#bytes.subarray(this.#bytes.indexOf("\r\n\r\n") + 4);
  }

  /** A message that refers to those before it. */
  async compress(text: string): Promise<Buffer> {
    this.#deflate.write(text);
    await promisify((done: () => void) => this.#deflate.flush(constants.Z_SYNC_FLUSH, done))();
    return readAll(this.#deflate).subarray(0, -4);
  }

  /** Sends these pieces, each in its own turn, and a ping. Resolves with what came until its pong or the end. */
  async exchange(pieces: readonly Buffer[]): Promise<string[]> {
    for (const piece of [...pieces, frame(0x89, "end")]) {
      if (this.#hasEnded) break;
      this.#socket.write(piece);
      await turnOfTheLoop();
    }
    this.#seen = [];
    for (;;) {
      const more = this.#more();
      if (await this.#read()) return this.#seen;
      if (this.#hasEnded) return [...this.#seen, "end"];
      await more;
    }
  }

  #more(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Reads the frames that have come. Returns whether the pong is one of them. */
  async #read(): Promise<boolean> {
    for (;;) {
      const [first = 0, short = 0] = this.#bytes;
      const head = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (this.#bytes.length < head) return false;
      const length =
        short < 126
          ? short
          : short === 126
            ? this.#bytes.readUInt16BE(2)
            : Number(this.#bytes.readBigUInt64BE(2));
      if (this.#bytes.length < head + length) return false;
      let data = this.#bytes.subarray(head, head + length);
      this.#bytes = this.#bytes.subarray(head + length);
      if (first === 0x8a && data.toString() === "end") return true;
      if (first & 0x40) data = await this.#decompress(data);
      const text =
        first === 0x88
          ? `${data.length >= 2 ? data.readUInt16BE() : "none"} ${data.subarray(2).toString()}`
          : data.toString("latin1");
      this.#seen.push(`${first.toString(16)} ${data.length > 200 ? `${data.length} bytes` : text}`.trim());
    }
  }

  async #decompress(data: Buffer): Promise<Buffer> {
    this.#inflate.write(Buffer.concat([data, TAIL]));
    await promisify((done: () => void) => this.#inflate.flush(done))();
    return readAll(this.#inflate);
  }
}
