import { closeSync, readSync, writeSync } from "node:fs";
import { expect, onTestFinished, test, vi } from "vitest";
import { rawSocketPair } from "@sockact/testkit";
import { sendToDescriptor } from "./descriptor.ts";

/** A descriptor whose queue is full, and a function that reads all messages in the queue. */
function fullQueue(): { fd: number; read: () => string[] } {
  const [manager, fd] = rawSocketPair("datagram");
  onTestFinished(() => {
    closeSync(manager);
    closeSync(fd);
  });
  untilFull(() => writeSync(fd, "STATUS=earlier"));
  const read = (): string[] => {
    const messages: string[] = [];
    const buffer = Buffer.alloc(100);
    untilFull(() => messages.push(buffer.toString("utf8", 0, readSync(manager, buffer))));
    return messages;
  };
  return { fd, read };
}

/** Repeats a non-blocking call until it would block. */
function untilFull(call: () => unknown): void {
  for (;;) {
    try {
      call();
    } catch (error) {
      expect(error).toMatchObject({ code: "EAGAIN" });
      return;
    }
  }
}

test("messages that wait for room are sent in order when the service manager reads again", async () => {
  const { fd, read } = fullQueue();
  const texts = ["STATUS=Reloading", "READY=1", "STOPPING=1"];
  const sent = Promise.all(texts.map((text) => sendToDescriptor(fd, text)));
  const earlier = read();
  await sent;
  expect(new Set(earlier)).toEqual(new Set(["STATUS=earlier"]));
  expect(read()).toEqual(texts);
});

test("if the service manager reads nothing, all messages fail when the time of the first one is over", async () => {
  let time = 0;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => time);
  onTestFinished(() => clock.mockRestore());
  const { fd } = fullQueue();
  const sent = ["RELOADING=1", "READY=1", "STOPPING=1"].map((text) => sendToDescriptor(fd, text));
  time = 5001;
  const full = { status: "rejected", reason: expect.objectContaining({ code: "SOCKACT_ERR_NOTIFY_SEND" }) };
  expect(await Promise.allSettled(sent)).toEqual([full, full, full]);
});

test("of several pings that would wait for room, one waits", async () => {
  const { fd, read } = fullQueue();
  const sent = ["WATCHDOG=1", "STATUS=Serving", "WATCHDOG=1", "WATCHDOG=1"].map((text) =>
    sendToDescriptor(fd, text),
  );
  read();
  await Promise.all(sent);
  expect(read()).toEqual(["WATCHDOG=1", "STATUS=Serving"]);
  await sendToDescriptor(fd, "WATCHDOG=1");
  expect(read()).toEqual(["WATCHDOG=1"]);
});
