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
