import { expect, test } from "vitest";
import { ActivationError } from "../shared/errors.ts";
import { headerError } from "../proxy-protocol/header-error.ts";
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

test("a rejected connection is one line that says who has sent what, and what to change", async () => {
  const error = headerError("It begins with 'GET / HT', which is not a PROXY header");
  const text = eventText({ type: "rejected", name: "web", sender: "10.0.0.9", error });
  await expect(`sockact: ${text}\n`).toMatchFileSnapshot("../../../../../docs/outputs/proxy-protocol.txt");
});

test.each([
  [{ type: "ready", notified: true }, "ready, and the service manager was told"],
  [{ type: "ready", notified: false }, "ready"],
  [{ type: "ready", notified: false, failed: true }, "ready, but the service manager could not be told"],
  [{ type: "reloaded" }, "reloaded"],
  [{ type: "reloaded", failed: true }, "the reload failed, and the app keeps its old settings"],
] as const)("%j", (event, text) => {
  expect(eventText(event)).toBe(text);
});
