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
  ["", 'Each line of a message must be VARIABLE=value; got ""'],
  ["READY", 'Each line of a message must be VARIABLE=value; got "READY"'],
  ["READY=1\n\nSTATUS=a", 'Each line of a message must be VARIABLE=value; got ""'],
  [{ ready: 1 }, 'Each line of a message must be VARIABLE=value; got "ready=1"'],
  [{}, "The message is empty"],
  [null as never, "The message must be a string or an object; got null"],
  [5 as never, "The message must be a string or an object; got 5"],
  [{ STATUS: "a\nREADY=1" }, 'STATUS must not contain a line break; got "a\\nREADY=1"'],
  ["STATUS=\0", "STATUS contains a NUL, where systemd would end the message"],
  ["BARRIER=1", "BARRIER needs a file descriptor: use storeFd() to store one"],
  ["FDSTORE=1", "FDSTORE needs a file descriptor: use storeFd() to store one"],
  [
    `STATUS=${"é".repeat(2045)}`,
    "The message has 4097 bytes, and systemd ignores messages with more than 4096",
  ],
])("%o is refused", (state, message) => {
  expect(() => formatMessage(state)).toThrow(
    expect.objectContaining({ code: "SOCKACT_ERR_NOTIFY_STATE", message }),
  );
});
