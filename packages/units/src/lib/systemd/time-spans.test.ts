import { expect, it } from "vitest";
import { timeSpanOf } from "./time-spans.ts";

it.each([
  ["5", 5000],
  ["1.5h", 5_400_000],
  ["1h 30min", 5_400_000],
  ["1h30min", 5_400_000],
  ["250ms", 250],
  ["1µs", 0.001],
  [".5 s", 500],
  ["0", 0],
  ["infinity", Infinity],
  ["", undefined],
  ["fast", undefined],
  ["5 parsecs", undefined],
  ["-1", undefined],
  ["1".repeat(50_000) + "x", undefined],
])("reads the time span %.20s", (text, milliseconds) => {
  expect(timeSpanOf(text)).toBe(milliseconds);
});
