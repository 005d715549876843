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
  ["the last word on a variable holds", ["STATUS=1", "WATCHDOG=1", "STATUS=2"], [["STATUS=2", "WATCHDOG=1"]]],
  [
    "what ends a reload is another message than what begins it",
    ["RELOADING=1\nMONOTONIC_USEC=5", "STATUS=1", "READY=1"],
    [["RELOADING=1", "MONOTONIC_USEC=5"], ["STATUS=1"], ["READY=1"]],
  ],
  ["two reloads stay two", ["RELOADING=1\nMONOTONIC_USEC=5", "RELOADING=1\nMONOTONIC_USEC=6"], "each"],
  ["the end comes last", ["READY=1", "STATUS=1", "STOPPING=1"], "each"],
  [
    "each name of a stored descriptor is kept",
    ["FDSTOREREMOVE=1\nFDNAME=a", "FDSTOREREMOVE=1\nFDNAME=b"],
    "each",
  ],
  ["a name does not get into the message beside it", ["FDSTOREREMOVE=1\nFDNAME=a", "STATUS=1"], "each"],
  ["each main process is named", ["MAINPID=5", "MAINPID=6"], "each"],
  ["each extension of a timeout is asked for", ["EXTEND_TIMEOUT_USEC=5", "EXTEND_TIMEOUT_USEC=4"], "each"],
  ["a ping does not undo that the watchdog was triggered", ["WATCHDOG=trigger", "WATCHDOG=1"], "each"],
  ["an unknown variable stays in its message", ["X_A=1\nSTATUS=1", "STATUS=2"], "each"],
  [
    "a descriptor goes alone",
    ["STATUS=1", "FDSTORE=1", "STATUS=2", "WATCHDOG=1"],
    [["STATUS=1"], ["FDSTORE=1"], ["STATUS=2", "WATCHDOG=1"]],
  ],
  ["a message that repeats itself stays as it is", ["STATUS=1\nSTATUS=2", "WATCHDOG=1"], "each"],
  ["no batch is longer than systemd takes", [`STATUS=${"a".repeat(4080)}`, "WATCHDOG=1"], "each"],
])("of what waits for one run of systemd-notify, %s", (_, texts, expected) => {
  expect(batches(...texts)).toEqual(expected === "each" ? texts.map((text) => text.split("\n")) : expected);
});
