// Run by test-runs.test.ts.
import { expect, test } from "vitest";
import { describeWith } from "../../../packages/testkit/src/requires.ts";

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

test("of the campaign", { tags: "campaign" }, () => {
  expect(1).toBe(2);
});

describeWith({ node: 99, tags: "campaign" }, "of a newer Node, and of the campaign", () => {
  test("skipped", () => {
    expect(1).toBe(2);
  });
});
