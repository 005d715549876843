import { expect, test, vi } from "vitest";
import { printComparison } from "./compare.ts";

function printed(rounds: number, ratio: number, interval: [number, number]): string {
  const row = {
    arm: "core",
    figure: "CPU",
    median: 1,
    spread: 0,
    least: 1,
    against: "node",
    ratio,
    interval,
  };
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  printComparison({ title: "Start", rounds, load: { before: 0, after: 0 }, rows: [row] });
  const text = log.mock.calls.flat().join("\n");
  log.mockRestore();
  return text;
}

test.each<[string, number, number, [number, number], boolean]>([
  ["an interval that is wider than the effect", 30, 1.8, [1.21, 8.79], true],
  ["an interval that is narrower", 30, 1.8, [1.7, 1.9], false],
  ["next to no effect, in a narrow interval", 30, 1.01, [0.99, 1.03], false],
  ["too few rounds to tell", 1, 1.8, [1.8, 1.8], true],
])("a table says whether more runs are needed: %s", (_title, rounds, ratio, interval, isNoisy) => {
  const text = printed(rounds, ratio, interval);
  expect(text).toContain(interval.map((each) => each.toFixed(2)).join(" to "));
  expect(text.includes("too noisy: more runs")).toBe(isNoisy);
});
