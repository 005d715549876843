import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { expect, test } from "vitest";

const packages = fileURLToPath(new URL("../packages", import.meta.url));

/** Every published file. */
function sources(): string[] {
  return readdirSync(packages, { recursive: true, encoding: "utf8" })
    .filter((file) => /^[^/]+\/src\/.*(?<!\.test)\.ts$/.test(file) && !/^test(?:ing|kit)\//.test(file))
    .map((file) => readFileSync(join(packages, file), "utf8"));
}

test.each([
  ["error", /"(SOCKACT_ERR_[A-Z_]+)"/g, /^#+ `(SOCKACT_ERR_[A-Z_]+)`$/gm],
  ["warning", /"(SOCKACT_WARN_[A-Z_]+)"/g, /^#+ `(SOCKACT_WARN_[A-Z_]+)`$/gm],
])("docs/codes/errors.md has a line for each %s, and no other", (_, inSource, inDocs) => {
  const codes = (text: string, pattern: RegExp): (string | undefined)[] =>
    Array.from(text.matchAll(pattern), ([, code]) => code);
  const documented = new Set(codes(readFileSync(join(packages, "../docs/codes/errors.md"), "utf8"), inDocs));
  const used = new Set(sources().flatMap((text) => codes(text, inSource)));
  expect(documented.size).toBeGreaterThan(2);
  expect(
    [...used].filter((code) => !documented.has(code)),
    "write a section in docs/codes/errors.md",
  ).toEqual([]);
  expect(
    [...documented].filter((code) => !used.has(code)),
    "remove the section in docs/codes/errors.md",
  ).toEqual([]);
});
