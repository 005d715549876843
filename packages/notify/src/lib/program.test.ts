import { expect, test } from "vitest";
import { nextBatch } from "./program.ts";

const batches = (...texts: string[]): string[][] => {
  const queue = texts.map((text) => ({
    text,
    store: text === "FDSTORE=1" ? { fd: 3, name: "a" } : undefined,
  }));
  const all: string[][] = [];
  while (queue.length > 0) all.push(nextBatch(queue).lines);
  return all;
};

test.each([
  ["the last value of a variable wins", ["STATUS=1", "WATCHDOG=1", "STATUS=2"], [["STATUS=2", "WATCHDOG=1"]]],
  [
    "the end of a reload is not merged with its begin",
    ["RELOADING=1\nMONOTONIC_USEC=5", "STATUS=1", "READY=1"],
    [["RELOADING=1", "MONOTONIC_USEC=5"], ["STATUS=1"], ["READY=1"]],
  ],
  [
    "two reloads stay two messages",
    ["RELOADING=1\nMONOTONIC_USEC=5", "RELOADING=1\nMONOTONIC_USEC=6"],
    "each",
  ],
  ["the stop comes last", ["READY=1", "STATUS=1", "STOPPING=1"], "each"],
  [
    "each name of a stored descriptor is kept",
    ["FDSTOREREMOVE=1\nFDNAME=a", "FDSTOREREMOVE=1\nFDNAME=b"],
    "each",
  ],
  ["a name does not get into the next message", ["FDSTOREREMOVE=1\nFDNAME=a", "STATUS=1"], "each"],
  ["each main process is named", ["MAINPID=5", "MAINPID=6"], "each"],
  ["each extension of a timeout is asked for", ["EXTEND_TIMEOUT_USEC=5", "EXTEND_TIMEOUT_USEC=4"], "each"],
  ["a ping does not replace WATCHDOG=trigger", ["WATCHDOG=trigger", "WATCHDOG=1"], "each"],
  ["an unknown variable stays in its message", ["X_A=1\nSTATUS=1", "STATUS=2"], "each"],
  [
    "a message with a descriptor is not merged",
    ["STATUS=1", "FDSTORE=1", "STATUS=2", "WATCHDOG=1"],
    [["STATUS=1"], ["FDSTORE=1"], ["STATUS=2", "WATCHDOG=1"]],
  ],
  ["a message that repeats a variable stays as it is", ["STATUS=1\nSTATUS=2", "WATCHDOG=1"], "each"],
  ["no merged message is longer than systemd accepts", [`STATUS=${"a".repeat(4080)}`, "WATCHDOG=1"], "each"],
])("of what waits for one run of systemd-notify, %s", (_, texts, expected) => {
  expect(batches(...texts)).toEqual(expected === "each" ? texts.map((text) => text.split("\n")) : expected);
});
