import { expect, it } from "vitest";
import { truthOf } from "./booleans.ts";

it("reads booleans in upper case too", () => {
  expect(["yes", "ON", "1", "t"].map(truthOf)).toEqual([true, true, true, true]);
  expect(["no", "Off", "0", "f"].map(truthOf)).toEqual([false, false, false, false]);
  expect(["", "2", undefined].map(truthOf)).toEqual([undefined, undefined, undefined]);
});
