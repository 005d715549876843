import { expect, it } from "vitest";
import { visibleNames } from "./lib/published/visible-names.ts";

it.each([
  ["a member", 'process.env.SOME_1, env["OTHER"]', ["SOME_1", "OTHER"]],
  ["a pattern", "const { SOME, OTHER: other = 1 } = process.env", ["SOME", "OTHER"]],
  ["a name of ours", 'read("SOCKACT_HTTP2", { LISTEN_FDS: 1 })', ["SOCKACT_HTTP2"]],
  ["a key", "const defaults = {\n\tSOCKACT_IDLE: 1 }", ["SOCKACT_IDLE"]],
  ["an event", 'server.emit("sockact:idle")', ["event sockact:idle"]],
  ["nothing else", 'const a = { SOME: 1 }; a.SOME; read("SOME", "a SOCKACT_ERR_A")', []],
])("the names that a published file shows are found: %s", (_, code, names) => {
  expect(visibleNames(code)).toEqual(names);
});
