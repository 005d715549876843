import { expect, test } from "vitest";
import { describeMachine, noiseWarning, watchNoise } from "./machine.ts";

test.each([
  ["a quiet machine", 0.2, 0.001, undefined],
  ["other work before", 3, 0, /the load average was 3\.0 before the bench began\.$/],
  ["time that other virtual machines took", 0, 0.12, /took 12 % of the processor time\.$/],
])("%s: whether the figures can be trusted", (_title, before, stolen, expected) => {
  const warning = noiseWarning({ load: [before, 5], stolen }, 2);
  if (expected === undefined) expect(warning).toBeUndefined();
  else expect(warning).toMatch(expected);
});

test("the noise of this machine is a load average, and a share", () => {
  const { load, stolen } = watchNoise()();
  expect(load.every((each) => each >= 0)).toBe(true);
  expect(stolen).toBeGreaterThanOrEqual(0);
  expect(stolen).toBeLessThanOrEqual(1);
});

test("the machine is described", () => {
  const { node, cores, memory, processor, kernel } = describeMachine();
  expect(node).toBe(process.version);
  expect(cores).toBeGreaterThan(0);
  expect(memory).toBeGreaterThan(0);
  expect([processor, kernel].every((each) => each !== "")).toBe(true);
});
