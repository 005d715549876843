import { expect, it } from "vitest";
import { visibleNames } from "./lib/published/visible-names.ts";

it.each([
  ["a member", "process.env.SOME_1", ["SOME_1"]],
  ["a string, in both places", 'process["env"]["SOME"]', ["SOME"]],
  ["a template without expressions", "process[`env`][`SOME`]", ["SOME"]],
  ["optional chaining", "process?.env?.SOME", ["SOME"]],
  ["a pattern", 'const { SOME, OTHER: other = 1, "THIRD": third } = process.env', ["OTHER", "SOME", "THIRD"]],
  ["a pattern inside of another", "const { env: { SOME } } = process", ["SOME"]],
  ["an assigned pattern", "({ SOME } = process.env)", ["SOME"]],
  ["the parameter of a function", "function f({ SOME } = process.env) {}", ["SOME"]],
  ["a variable that has the environment", "const e = process.env; e.SOME", ["SOME"]],
  ["a variable of a variable", "let a; a = b; var b = process.env ?? {}; a.SOME", ["SOME"]],
  ["a variable from a pattern", "const { env: e } = process; e.SOME", ["SOME"]],
  ["a copy", "const e = { ...process.env }; e.SOME", ["SOME"]],
  ["in", '"SOME" in process.env', ["SOME"]],
  ["a string with a digit", 'read("SOCKACT_HTTP2")', ["SOCKACT_HTTP2"]],
  ["a template that is a name of ours", "read(`LISTEN_FDS`)", ["LISTEN_FDS"]],
  ["a key", "const defaults = { SOCKACT_IDLE: 1 }", ["SOCKACT_IDLE"]],
  ["the code of an error", 'fail("SOCKACT_ERR_SOCKET_2")', ["SOCKACT_ERR_SOCKET_2"]],
  ["an event", 'server.emit("sockact:idle")', ["event sockact:idle"]],
  [
    "no member of another variable with the same name",
    "const e = process.env; function f(e) { const { other } = e; e.some }",
    [],
  ],
  ["no other variable, key or string", 'const a = { SOME: 1 }; a.SOME; read("SOME", `ERR_${a}`)', []],
])("the names that a published file shows are found: %s", (_, code, names) => {
  expect(visibleNames("a.cjs", code)).toEqual(names);
});
