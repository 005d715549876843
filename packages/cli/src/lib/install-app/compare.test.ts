import { expect, test } from "vitest";
import { differenceOf } from "./compare.ts";
import type { Answer } from "./first-request.ts";

const url = "http://localhost/";
const answer = (body: string, headers: Record<string, string> = {}, status = 200): Answer[] => [
  { outcome: "http", url, status, text: "", milliseconds: 1, page: { headers, body } },
];

test.each([
  ["the same page", answer("a"), answer("a"), answer("a")],
  ["a number of a process", answer("pid 12"), answer("pid 12"), answer("pid 345")],
  ["an id of a request", answer("0f8fad5b-d9cb-469f-a165-70867728950e"), answer("x"), answer("y")],
  ["a page that always differs", answer("a"), answer("b"), answer("c")],
  ["the date", answer("", { date: "Mon" }), answer(""), answer("", { date: "Tue" })],
  [
    "no HTTP",
    [{ outcome: "other", url, milliseconds: 1 }] as Answer[],
    [],
    [{ outcome: "other", url, milliseconds: 9 }] as Answer[],
  ],
])("answers are alike: %s", (_, first, second, bundled) => {
  expect(differenceOf([first, second], bundled)).toBeUndefined();
});

test.each([
  [/the page/, answer("a"), answer("a"), answer("b")],
  [/status 200, and then 500/, answer("a"), answer("a"), answer("a", {}, 500)],
  [/the header content-type/, answer("a", { "content-type": "text/html" }), answer("a"), answer("a")],
  [/http, and then silent/, answer("a"), answer("a"), [{ outcome: "silent", url, reason: "" }] as Answer[]],
])("answers differ: %s", (difference, first, second, bundled) => {
  expect(differenceOf([first, second], bundled)).toMatch(difference);
});
