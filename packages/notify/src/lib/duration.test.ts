import { spawnSync } from "node:child_process";
import { array, constantFrom, nat, record, sample, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { describeWith } from "@sockact/testkit";
import { milliseconds } from "./duration.ts";

describe("a duration", () => {
  test.each<[unknown, number]>([
    [0, 0],
    ["0", 0],
    ["infinity", Infinity],
    ["0s", 0],
    ["30s", 30_000],
    ["5min", 300_000],
    ["1h 30min", 5_400_000],
    ["2min200ms", 120_200],
    ["  1.5 h ", 5_400_000],
  ])("%j", (value, expected) => expect(milliseconds(value)).toBe(expected));

  test.each([
    ["10"],
    ["1h 10"],
    [""],
    [" "],
    ["s"],
    ["-1s"],
    ["1 s s"],
    ["1S"],
    ["infinity 1s"],
    ["1sx"],
    ["1e3s"],
    [10],
    [0.5],
    [Infinity],
    [-1],
    [NaN],
    [-Infinity],
    [null],
    [undefined],
    [true],
    [{}],
    [["1s"]],
  ])("%j is not a duration", (value) => expect(milliseconds(value)).toBeUndefined());
});

describeWith({ commands: ["systemd-analyze"] }, "as systemd-analyze reads it", () => {
  /** The durations in milliseconds, as systemd parses them. */
  function systemd(texts: readonly string[]): (number | undefined)[] {
    // systemd-analyze ends at the first invalid string, so each one needs a process.
    const { stdout } = spawnSync("systemd-analyze", ["timespan", "--", ...texts], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C" },
    });
    const found = Array.from(stdout.matchAll(/^\s*(?:μs|us): (\d+)$/gm), ([, usec]) => Number(usec) / 1000);
    if (found.length === texts.length) return found;
    return texts.length === 1 ? [undefined] : texts.flatMap((text) => systemd([text]));
  }

  /** systemd counts integer microseconds, and a double can't represent all of them for long durations. */
  function about(theirs: number | undefined): unknown {
    const close: unknown = expect.closeTo(theirs ?? 0, 1);
    return theirs === undefined ? undefined : close;
  }

  const UNITS =
    "usec us µs μs msec ms seconds second sec s minutes minute min m hours hour hr h days day d weeks week w months month M years year y";

  test("we read each unit as systemd does", () => {
    const texts = UNITS.split(" ").flatMap((unit) => [`1${unit}`, `2.5 ${unit}`, `1${unit}3us`]);
    expect(texts.map(milliseconds)).toEqual(systemd(texts).map(about));
  });

  test("we refuse what systemd refuses", () => {
    const texts = ["", "s", "-1s", "1S", "1sx", "1e3s", "1 s s", "1,5s", "min 1", "1..5s", "infinity 1s"];
    expect(texts.map(milliseconds)).toEqual(systemd(texts));
  });

  test("we read any combination of numbers, units and spaces as systemd does", () => {
    const part = record({
      whole: nat(99),
      fraction: constantFrom("", "", ".5", ".25", ".125"),
      before: constantFrom("", " ", "  "),
      unit: constantFrom(...UNITS.split(" ")),
      after: constantFrom("", " ", "\t"),
    });
    const duration = array(part, { minLength: 1, maxLength: 4 }).map((parts) =>
      parts
        .map(({ whole, fraction, before, unit, after }) => `${whole}${fraction}${before}${unit}${after}`)
        .join(""),
    );
    const texts = sample(duration, { seed: 1, numRuns: 500 });
    expect(texts.map(milliseconds)).toEqual(systemd(texts).map(about));
  });

  test("we refuse any string that systemd refuses", () => {
    const any = string({ unit: constantFrom(...Array.from("0129. smhdwyMµu-+e")), maxLength: 6 });
    // systemd parses a number without a unit as seconds. We reject it.
    const texts = sample(any, { seed: 1, numRuns: 2000 }).filter((text) => milliseconds(text) !== undefined);
    expect(texts.length).toBeGreaterThan(20);
    expect(texts.map(milliseconds)).toEqual(systemd(texts).map(about));
  });
});
