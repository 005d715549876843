import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { plainValue } from "./plain-value.ts";

const cycle: Record<string, unknown> = {};
cycle["raw"] = { Unit: [cycle] };
let deep = {};
for (let level = 0; level < 1e5; level += 1) deep = { deep };

it.each<[string, unknown, string]>([
  ["undefined", undefined, "the default export is undefined"],
  ["a function", { exec: ["/bin/true", () => 1] }, "exec[1] is a function"],
  ["undefined in a list", { exec: ["/bin/true", undefined] }, "exec[1] is undefined"],
  // oxlint-disable-next-line no-sparse-arrays
  ["a hole in a list", { exec: ["/bin/true", , "a"] }, "exec[1] is undefined"],
  ["a BigInt", { nice: 1n }, "nice is a bigint"],
  ["a symbol", [Symbol("x")], "[0] is a symbol"],
  ["NaN", { nice: Number.NaN }, "nice is NaN"],
  ["Infinity", { nice: Number.POSITIVE_INFINITY }, "nice is Infinity"],
  ["a Date", { environment: { "a b": new Date() } }, 'environment["a b"] is an object of the class Date'],
  ["a Map", new Map(), "the default export is an object of the class Map"],
  ["a promise", { user: Promise.resolve("x") }, "user is a promise; write await before it"],
  ["a cycle", cycle, "raw.Unit[0] is an object that contains itself"],
  [
    "a getter that throws",
    {
      get user() {
        throw new Error("no");
      },
    },
    "reading user throws an error: Error: no",
  ],
])("refuses %s, and says where it is", (_, value, message) => {
  expect(() => plainValue(value)).toThrow(message);
});

it("refuses what is deeper than any description", () => {
  expect(() => plainValue(deep)).toThrow("more than 50 objects deep");
});

it("copies the rest, and leaves out fields that are undefined", () => {
  const once = { twice: "is no cycle" };
  const value = { a: [1, "b", true, null, once, once], c: undefined, d: Object.create(null) as object };
  expect(plainValue(value)).toEqual({ a: [1, "b", true, null, once, once], d: {} });
  expect(plainValue(runInNewContext("({ a: [{ b: 1 }] })"))).toEqual({ a: [{ b: 1 }] });
});

it("keeps __proto__ as the field that it is", () => {
  const value = JSON.parse(`{ "__proto__": { "user": "root" } }`) as object;
  const copy = plainValue(value) as object;
  expect(Object.keys(copy)).toEqual(["__proto__"]);
  expect("user" in copy).toBe(false);
});
