import { expect, test } from "vitest";
import { compareFigures } from "./compare-figures.ts";

const start = "start, instructions: core";
const figure = (ratio: number) => ({ name: start, ratio, limit: 1.05 });

test.each([
  ["as accepted", 1.2],
  ["better", 0.9],
  ["a little worse", 1.25],
])("nothing is reported when a figure is %s", (_title, ratio) => {
  const { table, problems } = compareFigures([figure(ratio)], { [start]: 1.2 });
  expect(problems).toEqual([]);
  expect(table).toContain(ratio.toFixed(3));
  expect(table).not.toContain("worse");
});

test("a figure beyond its limit is reported, with the limit", () => {
  const { table, problems } = compareFigures([figure(1.32)], { [start]: 1.2 });
  expect(problems).toEqual([`${start} is 10.0 % worse than accepted, and the limit is 5.0 %.`]);
  expect(table).toMatch(/core │ 1\.200 +│ 1\.320 │ 1\.260 │ worse/);
});

test("a figure that can't be compared is reported", () => {
  expect(compareFigures([figure(1.2)], { gone: 2 }).problems).toEqual([
    `${start} has no accepted ratio.`,
    "gone is no longer measured.",
  ]);
});
