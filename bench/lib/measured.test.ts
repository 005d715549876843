import { expect, test } from "vitest";
import { isTooNoisy, outcomesOf, rowsOf, type Goal, type MeasuredTable } from "./measured.ts";

/** A table of two arms, which are measured in turn. */
function tableOf(core: number[], node: number[], goals: Goal[] = []): MeasuredTable {
  return {
    title: "Start",
    figures: [{ name: "CPU", unit: "ms", better: "lower" }],
    arms: [
      { name: "node", against: "node", values: { CPU: node } },
      { name: "core", against: "node", values: { CPU: core } },
    ],
    goals,
  };
}

test("a row has the median, the spread, and the ratio to the arm that it is compared with", () => {
  const [node, core] = rowsOf(tableOf([2, 4, 6, 4, 4], [1, 2, 3, 2, 2]));
  expect(node).not.toHaveProperty("compared");
  expect(core).toMatchObject({
    arm: "core",
    median: 4,
    spread: 0,
    least: 2,
    most: 6,
    rounds: 5,
    compared: { against: "node", ratio: 2 },
  });
});

test("work of others that disturbs both arms of a round alike does not widen the interval", () => {
  const [, core] = rowsOf(tableOf([2, 20, 4, 60, 8, 2], [1, 10, 2, 30, 4, 1]));
  expect(core?.compared).toMatchObject({ ratio: 2, interval: [2, 2] });
});

test.each([
  ["few rounds, which say nothing about that", [2, 9, 1], [2, 1, 4], false],
  ["an interval that is wider than the effect", [2, 9, 1, 7, 1, 3], [2, 1, 4, 1, 8, 3], true],
  ["an interval that is narrower", [2, 2.1, 2, 2.1, 2, 2], [1, 1, 1, 1, 1, 1], false],
  ["next to no effect, in a narrow interval", [1, 1.01, 1, 0.99, 1, 1], [1, 1, 1, 1, 1, 1], false],
])("%s: more runs are needed, or not", (_title, core, node, expected) => {
  expect(isTooNoisy(rowsOf(tableOf(core, node))[1]!)).toBe(expected);
});

test("an arm that was not measured has no row", () => {
  expect(rowsOf(tableOf([], [1]))).toHaveLength(1);
});

test.each<[Omit<Goal, "arm" | "figure">, string]>([
  [{ of: "ratio", atMost: 2.1 }, "reached"],
  [{ of: "ratio", atMost: 1.5 }, "missed"],
  [{ of: "ratio", atMost: 1.95 }, "unclear"],
  [{ of: "ratio", atMost: 2.05 }, "unclear"],
  [{ of: "ratio", atLeast: 1.5 }, "reached"],
  [{ of: "ratio", atLeast: 3 }, "missed"],
  [{ of: "value", atMost: 2 }, "reached"],
  [{ of: "value", atMost: 1 }, "missed"],
  [{ of: "most", atMost: 2.1 }, "reached"],
  [{ of: "most", atMost: 2 }, "missed"],
])("the goal %o, for a ratio from 1.9 to 2.1 and a median of 2, is %s", (goal, expected) => {
  const core = [1.9, 2, 2, 2, 2.1, 1.9, 2.1];
  const table = tableOf(core, [1, 1, 1, 1, 1, 1, 1], [{ arm: "core", figure: "CPU", ...goal }]);
  expect(outcomesOf(table).map(({ is }) => is)).toEqual([expected]);
});

test("two rounds do not show whether a ratio reaches its goal", () => {
  const table = tableOf([1, 1], [1, 1], [{ arm: "core", figure: "CPU", of: "ratio", atMost: 2 }]);
  expect(outcomesOf(table).map(({ is }) => is)).toEqual(["unclear"]);
});

test("a goal of an arm that was not measured has no outcome", () => {
  const table = tableOf([], [1], [{ arm: "core", figure: "CPU", of: "ratio", atMost: 1 }]);
  expect(outcomesOf(table)).toEqual([]);
});

test("an arm is not compared with one that has 0", () => {
  const [, row] = rowsOf(tableOf([1, 2, 3], [0, 0, 0]));
  expect(row).toMatchObject({ arm: "core", median: 2 });
  expect(row).not.toHaveProperty("compared");
});
