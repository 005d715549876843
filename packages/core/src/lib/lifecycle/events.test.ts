import { expect, test } from "vitest";
import { NotifyError } from "@sockact/notify";
import { ActivationError } from "../shared/errors.ts";
import { headerError } from "../proxy-protocol/header-error.ts";
import { eventText } from "./events.ts";

test("an error of sockact is one line that says what to change, without a stack", () => {
  const error = new ActivationError("SOCKACT_ERR_OPTION", "It is wrong", "Write it right.");
  expect(eventText({ type: "error", error })).toBe("SOCKACT_ERR_OPTION: It is wrong. Write it right.");
  const unsent = new NotifyError("SOCKACT_ERR_NOTIFY_SEND", "It is full", "Find out why.");
  expect(eventText({ type: "error", error: unsent })).toBe(
    "SOCKACT_ERR_NOTIFY_SEND: It is full. Find out why.",
  );
});

test("an error of the app is printed with its stack", () => {
  expect(eventText({ type: "error", error: new Error("from the app") })).toMatch(
    /^Error: from the app\n +at /,
  );
});

test("an error of the app is printed with its code, its hint and its causes", () => {
  const cause = Object.assign(new Error("the host is down"), { code: "EHOSTDOWN" });
  const error = Object.assign(new Error("from a database", { cause }), {
    code: "57P03",
    hint: "Wait a while",
  });
  expect(eventText({ type: "error", error })).toMatch(
    /^Error: from a database\n +at [^]*code: '57P03'[^]*hint: 'Wait a while'[^]*\[cause\]: Error: the host is down\n[^]*code: 'EHOSTDOWN'/,
  );
});

test("an error without a message, as of a connection that failed over IPv4 and IPv6, is printed with its causes", () => {
  const error = new AggregateError([new Error("over IPv6"), new Error("over IPv4")]);
  expect(eventText({ type: "error", error })).toMatch(/Error: over IPv6\n[^]*Error: over IPv4\n/);
});

test.each([
  ["a string", "no database", "no database"],
  ["an object", { code: 5 }, "{ code: 5 }"],
  ["nothing", undefined, "undefined"],
])("%s that an app throws instead of an error is printed", (_, error, text) => {
  expect(eventText({ type: "error", error })).toBe(text);
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
  [{ type: "health", state: "unhealthy" }, "unhealthy: probes get 503"],
  [{ type: "reloaded" }, "reloaded"],
  [{ type: "draining", signal: "SIGTERM", connections: 0, workers: 1 }, "SIGTERM: draining, 1 worker"],
  [
    { type: "draining", signal: "SIGTERM", connections: 1, workers: 4 },
    "SIGTERM: draining, 4 workers, 1 open connection",
  ],
  [
    { type: "reloaded", failed: true, failures: ["tls", "onReload"] },
    "the reload failed: no certificate was replaced, onReload failed",
  ],
] as const)("%j", (event, text) => {
  expect(eventText(event)).toBe(text);
});
