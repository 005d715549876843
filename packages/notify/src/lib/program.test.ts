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
    "what ends a reload does not overtake its beginning",
    ["RELOADING=1\nMONOTONIC_USEC=5", "STATUS=1", "READY=1"],
    [["RELOADING=1", "MONOTONIC_USEC=5", "STATUS=1"], ["READY=1"]],
  ],
  ["the end comes last", ["READY=1", "READY=1", "STOPPING=1"], [["READY=1"], ["STOPPING=1"]]],
  [
    "a descriptor goes alone",
    ["STATUS=1", "FDSTORE=1", "STATUS=2", "X_A=1"],
    [["STATUS=1"], ["FDSTORE=1"], ["STATUS=2", "X_A=1"]],
  ],
  ["a message that repeats itself stays as it is", ["X_A=1\nX_A=2"], [["X_A=1", "X_A=2"]]],
  [
    "no batch is longer than systemd takes",
    [`X_A=${"a".repeat(2100)}`, `X_B=${"b".repeat(2100)}`],
    [[`X_A=${"a".repeat(2100)}`], [`X_B=${"b".repeat(2100)}`]],
  ],
])("of what waits for one run of systemd-notify, %s", (_, texts, expected) => {
  expect(batches(...texts)).toEqual(expected);
});
