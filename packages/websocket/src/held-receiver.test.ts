import { once } from "node:events";
import { createRequire } from "node:module";
import { Socket } from "node:net";
import process from "node:process";
import { describe, expect, test } from "vitest";
import { frame } from "../test/raw-web-socket.ts";
import { holdReceiver, lacksRest, releaseReceiver, takeUnread, unreadBytes } from "./held-receiver.ts";
import type { Internals, Receiver } from "./ws-internals.ts";

const require = createRequire(import.meta.url);
/** As a client gets them, without a mask. */
const part = (first: number, text: string): Buffer => frame(first, text, false);
const TEXT = (text: string): Buffer => part(0x81, text);

describe.each(["ws", "ws-oldest"])("a receiver of %s that is held", (name) => {
  function receive() {
    const { Receiver } = require(name) as { Receiver: new () => Receiver };
    const receiver = new Receiver();
    const seen: string[] = [];
    receiver.on("message", (data: Buffer) => seen.push(data.toString()));
    receiver.on("ping", (data: Buffer) => seen.push(`ping ${data.toString()}`));
    return { ws: { _receiver: receiver, _socket: new Socket() } as unknown as Internals, receiver, seen };
  }

  test("begins no message, and reads on when it is released", () => {
    const { ws, receiver, seen } = receive();
    receiver.write(TEXT("one"));
    holdReceiver(ws);
    holdReceiver(ws);
    receiver.write(Buffer.concat([TEXT("two"), TEXT("three")]));
    receiver.write(TEXT("four"));
    expect(seen).toEqual(["one"]);
    expect(lacksRest(ws)).toBe(false);
    releaseReceiver(ws);
    receiver.write(TEXT("five"));
    expect(seen).toEqual(["one", "two", "three", "four", "five"]);
  });

  test("gives what it has not read to another one", () => {
    const { ws, receiver, seen } = receive();
    const other = receive();
    holdReceiver(ws);
    const half = TEXT("two").subarray(0, 3);
    const bytes = Buffer.concat([TEXT("one"), half]);
    receiver.write(bytes);
    expect(unreadBytes(ws)).toBe(bytes.length);
    other.receiver.write(takeUnread(ws));
    expect(unreadBytes(ws)).toBe(0);
    releaseReceiver(ws);
    other.receiver.write(TEXT("two").subarray(3));
    expect([seen, other.seen]).toEqual([[], ["one", "two"]]);
  });

  test("ends a message that has begun", () => {
    const { ws, receiver, seen } = receive();
    receiver.write(part(0x01, "on"));
    holdReceiver(ws);
    expect(lacksRest(ws)).toBe(true);
    receiver.write(Buffer.concat([part(0x89, "p"), part(0x80, "e"), TEXT("two")]));
    expect(lacksRest(ws)).toBe(false);
    expect(seen).toEqual(["ping p", "one"]);
    releaseReceiver(ws);
    expect(seen).toEqual(["ping p", "one", "two"]);
  });

  test("reads what has come when the client ends", async () => {
    const { ws, receiver, seen } = receive();
    receiver.write(TEXT("one"));
    holdReceiver(ws);
    receiver.write(Buffer.concat([TEXT("two"), TEXT("three")]));
    receiver.end();
    await once(receiver, "finish");
    expect(seen).toEqual(["one", "two", "three"]);
  });

  test("stops reading when the message has ended", () => {
    const { ws, receiver } = receive();
    const calls: string[] = [];
    const handle = { reading: true, readStop: () => calls.push("stop") };
    (ws._socket as unknown as { _handle: unknown })._handle = handle;
    receiver.write(TEXT("one").subarray(0, 3));
    holdReceiver(ws);
    expect(calls).toEqual([]);
    receiver.write(TEXT("one").subarray(3));
    expect(calls).toEqual(["stop"]);
    (ws._socket as unknown as { _handle: unknown })._handle = null;
  });

  test("is released although a listener of the app throws, and nobody catches that error", async () => {
    const { ws, receiver } = receive();
    receiver.on("message", () => {
      throw new Error("a mistake of the app");
    });
    holdReceiver(ws);
    receiver.write(TEXT("one"));
    const others = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    try {
      const uncaught = once(process, "uncaughtException");
      releaseReceiver(ws);
      expect((await uncaught)[0]).toMatchObject({ message: "a mistake of the app" });
    } finally {
      for (const other of others) process.on("uncaughtException", other);
    }
  });
});
