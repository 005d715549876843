import { expect, test } from "vitest";
import { describeOnNode } from "../../src/requires.ts";

// Run by vitest-on-node.test.ts.

test("passes", () => {
  expect(1).toBe(1);
});

test("fails", () => {
  expect(1).toBe(2);
});

describeWith({ node: 99 }, "of a newer Node", () => {
  test.each([1, 2])("skipped: %s", (number) => {
    expect(number).toBe(3);
  });
});

test.runIf(process.env["NOT_SET"])("without a reason", () => {
  expect(1).toBe(2);
});
