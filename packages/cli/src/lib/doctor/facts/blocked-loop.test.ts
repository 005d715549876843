import { expect, it } from "vitest";
import { isBlocked, type Moment } from "./blocked-loop.ts";

/** Eleven moments of a process that uses the processor, while a client waits at socket 7. */
const moments = (change: (at: number) => Partial<Moment>): Moment[] =>
  Array.from({ length: 11 }, (_, at) => ({
    state: "R",
    ticks: 100 + at,
    sockets: new Set([7, 8]),
    waiting: [7],
    ...change(at),
  }));

it.each<[string, boolean, boolean, (at: number) => Partial<Moment>]>([
  ["a client waits all the time", true, true, () => ({})],
  [
    "it waits for the garbage collector now and then",
    true,
    true,
    (at) => ({ state: at % 4 === 0 ? "S" : "R" }),
  ],
  ["no client has come before it serves", true, false, () => ({ waiting: [] })],
  ["no client waits", false, true, () => ({ waiting: [] })],
  ["it accepts the waiting clients at one moment", false, true, (at) => ({ waiting: at === 5 ? [] : [7] })],
  [
    "clients wait now at one socket, now at another",
    false,
    true,
    (at) => ({ waiting: [at % 2 === 0 ? 7 : 8] }),
  ],
  ["many clients wait, and it accepts some", false, true, (at) => ({ sockets: new Set([7, 8, 100 + at]) })],
  ["it waits", false, false, () => ({ state: "S", ticks: 100 })],
  ["it works for a part of the time", false, false, (at) => ({ state: at < 4 ? "R" : "S" })],
  ["it gets no processor time", false, false, () => ({ ticks: 100 })],
])("a loop is blocked, or is not: %s", (_, expected, serves, change) => {
  expect(isBlocked(moments(change), serves)).toBe(expected);
});
