import { createRequire } from "node:module";
import { promisify } from "node:util";
import { constants, createDeflateRaw, type DeflateRaw } from "node:zlib";
import { randomFrom } from "@sockact/testkit";
import { expect, test } from "vitest";
import { emptyWindow, readWindow, writeWindow } from "./inflate-window.ts";
import type { Deflate } from "./ws-internals.ts";

type Accept = { accept(offers: object[]): void };
const { PerMessageDeflate } = createRequire(import.meta.url)("ws") as {
  PerMessageDeflate: new (options: object) => Deflate & Accept;
};

function receiver(bits: number): Deflate {
  const deflate = new PerMessageDeflate({
    isServer: true,
    maxPayload: 1000,
    clientMaxWindowBits: bits,
    zlibInflateOptions: { dictionary: emptyWindow },
  });
  deflate.accept([{ client_max_window_bits: [bits] }]);
  return deflate;
}

async function compress(client: DeflateRaw, message: Buffer): Promise<Buffer> {
  client.write(message);
  await promisify((done: () => void) => client.flush(constants.Z_SYNC_FLUSH, done))();
  const chunks: Buffer[] = [];
  // Node 26 returns one chunk for each call.
  while (client.readableLength > 0) chunks.push(client.read() as Buffer);
  return Buffer.concat(chunks).subarray(0, -4);
}

const decompress = (deflate: Deflate, data: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    deflate.decompress(data, true, (error, message) => (error ? reject(error) : resolve(message)));
  });

test.each([8, 9, 10, 12, 15])(
  "a client that compresses with a window of 2^%i bytes does not notice that its messages are decompressed elsewhere",
  async (bits) => {
    const random = randomFrom(bits);
    // zlib compresses with at least 2^9: a client with less sends what refers to fewer bytes.
    const client = createDeflateRaw({ windowBits: bits, level: 9 });
    let server = receiver(bits);
    let reads = 0;
    const earlier = Buffer.from(Array.from({ length: 600 }, () => Math.floor(random() * 256)));
    for (let count = 0; count < 300; count += 1) {
      const at = Math.floor(random() * 500);
      const message = Buffer.concat([earlier.subarray(at, at + 80), Buffer.from(String(random()))]);
      expect(await decompress(server, await compress(client, message))).toEqual(message);
      if (random() < 0.4) continue;
      const window = await readWindow(server);
      expect(window?.length).toBe(2 ** 15);
      reads += 1;
      // What has been read once can be read again, and the process may also continue.
      if (random() < 0.5) continue;
      server.cleanup();
      server = receiver(bits);
      writeWindow(server, window!);
    }
    expect(reads).toBeGreaterThan(100);
  },
);

test("a window that was never made visible is not guessed", async () => {
  const deflate = new PerMessageDeflate({ isServer: true });
  deflate.accept([{}]);
  expect(await readWindow(deflate)).toBeUndefined();
});

test("one connection's window is not visible to the others", () => {
  // As in ws before 8.20: they share their options.
  const options = { isServer: true, zlibInflateOptions: { dictionary: emptyWindow } };
  const [one, other] = [new PerMessageDeflate(options), new PerMessageDeflate(options)];
  writeWindow(one, new Uint8Array(2 ** 15).fill(1));
  expect(other._options.zlibInflateOptions?.dictionary).toBe(emptyWindow);
});

test("a connection may close while its window is read", async () => {
  const server = receiver(15);
  const client = createDeflateRaw();
  await decompress(server, await compress(client, Buffer.from("hello")));
  const window = readWindow(server);
  setImmediate(() => server.cleanup());
  await window;
  expect(server._inflate).toBeNull();
});
