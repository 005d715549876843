import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LONGEST } from "./lib/longest-first.ts";
import { root } from "./lib/packages.ts";

test("the files that start first are there", () => {
  expect(LONGEST.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});
