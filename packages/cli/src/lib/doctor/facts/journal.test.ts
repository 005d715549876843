import { expect, test } from "vitest";
import { type JournalLine, withInvocations } from "./journal.ts";

const line = (message: string, invocation: string, more: Partial<JournalLine> = {}): JournalLine => ({
  unit: "shop.service",
  message,
  isOfManager: false,
  pid: 100,
  priority: 6,
  time: 0,
  sinceBoot: 0,
  invocation,
  ...more,
});

test("a line of a process without an invocation ID belongs to the run of the line before", () => {
  const lines = [
    line("before any run", ""),
    line("Started shop.", "first", { isOfManager: true }),
    line("Error: no database", ""),
    line("of another unit", "other", { unit: "other.service" }),
    line("Node.js v20.20.2", ""),
    line("of systemd", "", { isOfManager: true }),
    line("Started shop.", "second", { isOfManager: true }),
    line("Error: no database", ""),
  ];
  expect(withInvocations(lines).map(({ invocation }) => invocation)).toEqual([
    "",
    "first",
    "first",
    "other",
    "first",
    "",
    "second",
    "second",
  ]);
});
