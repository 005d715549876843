import { describe, expect, it } from "vitest";
import { durationOf, durationText, spanText } from "./durations.ts";

describe("durations", () => {
  it.each([
    [0, "0"],
    ["0", "0"],
    ["2s", "2s"],
    ["1h 30min", "1h 30min"],
    ["1h30min", "1h30min"],
    ["1.5s", "1.5s"],
    ["5 μs", "5 us"],
    ["1M", "1M"],
  ])("writes %j as %s", (value, text) => {
    expect(durationText(value)).toBe(text);
  });

  it.each([
    ["10"],
    [""],
    ["s"],
    ["1h 30"],
    ["-1s"],
    ["1e3s"],
    ["2S"],
    ["2s\n"],
    ["2s\u00a0x"],
    ["1h\n30min"],
    ["1h\u00a030min"],
    ["286y"],
    ["999999999y"],
    ["infinity"],
  ])("refuses the string %j", (text) => {
    expect(durationText(text)).toBe(text === "2s\n" ? "2s" : undefined);
  });

  it.each([
    [100, "100ms"],
    [1500, "1500ms"],
    [2000, "2s"],
    [90_000, "90s"],
    [120_000, "2min"],
    [3_600_000, "1h"],
    [Infinity, undefined],
  ])("writes %j milliseconds as %s", (length, text) => {
    expect(spanText(length)).toBe(text);
  });

  it.each([[10], [-1], [0.5], [NaN], [Infinity], [null], [true], [[]]])("refuses %j", (value) => {
    expect(durationText(value)).toBeUndefined();
  });
});

describe("the length of a duration", () => {
  it.each([
    [0, 0],
    ["0", 0],
    [1500, undefined],
    ["2s", 2000],
    ["1h 30min", 5_400_000],
    ["1h30min5s", 5_405_000],
    ["1.5m", 90_000],
    ["500 μs", 0.5],
    ["1month", 2_629_800_000],
    ["1.9999ms 0.9us", 1.999],
    ["285y", 8_993_916_000_000],
    ["infinity", Infinity],
    ["10", undefined],
    [undefined, undefined],
  ])("of %j is %j ms", (value, length) => {
    expect(durationOf(value)).toBe(length);
  });
});
