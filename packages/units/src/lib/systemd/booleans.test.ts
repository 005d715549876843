import { expect, it } from "vitest";
import { booleanOf } from "./booleans.ts";

it("reads booleans in upper case too", () => {
  expect(["yes", "ON", "1", "t"].map(booleanOf)).toEqual([true, true, true, true]);
  expect(["no", "Off", "0", "f"].map(booleanOf)).toEqual([false, false, false, false]);
  expect(["", "2", undefined].map(booleanOf)).toEqual([undefined, undefined, undefined]);
});
