import { expect, test } from "vitest";
import { formatMessage, MESSAGE_MAX, type NotifyState } from "./message.ts";

test.each<[NotifyState, string]>([
  ["READY=1", "READY=1"],
  ["READY=1\nSTATUS=a=b\n", "READY=1\nSTATUS=a=b"],
  [{ READY: 1, STATUS: "Serving", ERRNO: undefined, X_COUNT: 2n }, "READY=1\nSTATUS=Serving\nX_COUNT=2"],
  [{ STATUS: "" }, "STATUS="],
  [`STATUS=${"x".repeat(MESSAGE_MAX - 7)}`, `STATUS=${"x".repeat(MESSAGE_MAX - 7)}`],
])("%o is a message", (state, text) => {
  expect(formatMessage(state)).toBe(text);
});

test.each<[NotifyState, string]>([
  ["", 'This is not VARIABLE=value: ""'],
  ["READY", 'This is not VARIABLE=value: "READY"'],
  ["READY=1\n\nSTATUS=a", 'This is not VARIABLE=value: ""'],
  [{ ready: 1 }, 'This is not VARIABLE=value: "ready=1"'],
  [{}, "There is nothing in the message"],
  [{ STATUS: "a\nREADY=1" }, 'STATUS can\'t hold a line break: "a\\nREADY=1"'],
  ["STATUS=\0", "STATUS holds a NUL, where systemd would end the message"],
  ["BARRIER=1", "BARRIER needs a file descriptor with it: storeFd() sends one to be stored"],
  ["FDSTORE=1", "FDSTORE needs a file descriptor with it: storeFd() sends one to be stored"],
  [`STATUS=${"é".repeat(2045)}`, "The message has 4097 bytes, and systemd ignores what has more than 4096"],
])("%o is none", (state, message) => {
  expect(() => formatMessage(state)).toThrow(expect.objectContaining({ code: "ERR_NOTIFY_STATE", message }));
});
