import { expect, test } from "vitest";
import { describeMachine, noiseWarning, watchNoise } from "./machine.ts";

test("the figures of a quiet machine can be trusted", () => {
  expect(noiseWarning({ load: [0.2, 5], stolen: 0.001 }, 2)).toBeUndefined();
});

test.each([
  ["other work before", 3, 0, /the load average was 3\.0 before the bench began\.$/],
  ["time that other virtual machines took", 0, 0.12, /took 12 % of the processor time\.$/],
])("%s: a warning says why the figures can't be trusted", (_title, before, stolen, expected) => {
  expect(noiseWarning({ load: [before, 5], stolen }, 2)).toMatch(expected);
});

test("the noise of this machine is a load average, and a share", () => {
  const { load, stolen } = watchNoise(0)();
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
