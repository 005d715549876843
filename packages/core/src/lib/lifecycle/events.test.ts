import { expect, test } from "vitest";
import { ActivationError } from "../shared/errors.ts";
import { eventText } from "./events.ts";

test("an error of sockact is one line that says what to change, without a stack", () => {
  const error = new ActivationError("ERR_OPTION", "It is wrong", "Write it right.");
  expect(eventText({ type: "error", error })).toBe("ERR_OPTION: It is wrong. Write it right.");
});

test("an error of the app is printed with its stack", () => {
  expect(eventText({ type: "error", error: new Error("from the app") })).toMatch(
    /^Error: from the app\n +at /,
  );
});

test.each([
  [{ type: "ready", notified: true }, "ready, and the service manager was told"],
  [{ type: "ready", notified: false }, "ready"],
  [{ type: "ready", notified: false, failed: true }, "ready, but the service manager could not be told"],
  [{ type: "reloaded" }, "reloaded"],
  [{ type: "reloaded", failed: true }, "the reload failed, and what failed keeps its old settings"],
] as const)("%j", (event, text) => {
  expect(eventText(event)).toBe(text);
});
