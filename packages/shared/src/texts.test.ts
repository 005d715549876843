import { expect, test } from "vitest";
import { sentence } from "./texts.ts";

test.each([
  ["the disk is full", "the disk is full."],
  ["Failed to start.", "Failed to start."],
  ["unknown option idel: did you mean idle?", "unknown option idel: did you mean idle?"],
])("%s has one mark at its end", (text, whole) => {
  expect(sentence(text)).toBe(whole);
});
