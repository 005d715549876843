import { expect, test } from "vitest";
import { HeldSender } from "./held-sender.ts";
import type { LateCall } from "./message.ts";

test("after the move, what an app does to all its WebSockets when it ends does not follow", () => {
  const calls: LateCall[] = [];
  const sender = new HeldSender();
  sender.forwardTo(async (call) => {
    calls.push(call);
    return true;
  });
  for (const code of [undefined, 1000, 1001, 1012, 1008, 4001])
    sender.close(code, Buffer.from("because"), false);
  sender.ping("a", false);
  sender.pong(Buffer.from("b"), false);
  sender.ping(new Blob(["c"]), false);
  expect(calls).toEqual([
    { close: 1008, reason: "because" },
    { close: 4001, reason: "because" },
    { ping: "YQ==" },
    { pong: "Yg==" },
  ]);
});

test("what is too much to move with the WebSocket follows it, in order", () => {
  const calls: LateCall[] = [];
  const sender = new HeldSender();
  const options = { binary: false, compress: false, fin: true, mask: false };
  for (const letter of ["a", "b", "c", "d"]) sender.send(letter.repeat(30_000), options);
  const packed = sender.pack();
  sender.forwardTo(async (call) => {
    calls.push(call);
    return true;
  });
  const letters = (all: readonly LateCall[] | undefined) =>
    all?.map((call) => "send" in call && call.send[0]);
  expect([letters(packed), letters(calls)]).toEqual([
    ["a", "b"],
    ["c", "d"],
  ]);
});
