import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

test.each([
  ["error", "errors.ts", /^ {2}\| "(ERR_\w+)"/gm, /^\| `(ERR_\w+)` +\|/gm],
  ["warning", "warn.ts", /"(SOCKACT_\w+)"/g, /^\| `(SOCKACT_\w+)` +\|/gm],
])("docs/errors.md has a line for each %s, and no other", (_, source, inSource, inDocs) => {
  const codes = Array.from(read(source).matchAll(inSource), ([, code]) => code);
  const documented = Array.from(read("../../../../docs/errors.md").matchAll(inDocs), ([, code]) => code);
  expect(codes.length).toBeGreaterThan(2);
  expect(new Set(documented)).toEqual(new Set(codes));
});
