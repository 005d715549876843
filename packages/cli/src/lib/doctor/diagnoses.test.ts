import { expect, it } from "vitest";
import { rules } from "../../../../units/src/lib/lint/lint.ts";
import { diagnoses, order } from "./diagnoses.ts";

const codes = diagnoses.map(({ code }) => code);

it("no code of the doctor is one of the linter, and none is there twice", () => {
  expect(codes.filter((code) => code in rules)).toEqual([]);
  expect(new Set(codes).size).toBe(codes.length);
});

it("the order has each code once", () => {
  expect(codes).toEqual(order);
});

it("what a diagnosis explains exists", () => {
  const explained = diagnoses.flatMap(({ explains = [] }) => explains);
  expect(explained.filter((code) => !codes.includes(code) && !(code in rules))).toEqual([]);
});
