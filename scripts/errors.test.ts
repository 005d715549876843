import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { expect, test } from "vitest";

const packages = fileURLToPath(new URL("../packages", import.meta.url));

/** Every published file. */
function sources(): string[] {
  return readdirSync(packages, { recursive: true, encoding: "utf8" })
    .filter((file) => /^[^/]+\/src\/.*(?<!\.test)\.ts$/.test(file) && !file.startsWith("testkit/"))
    .map((file) => readFileSync(join(packages, file), "utf8"));
}

test.each([
  // ERR_MODULE_NOT_FOUND is Node's.
  ["error", /"(ERR_(?!MODULE_NOT_FOUND")[A-Z_]+)"/g, /^#+ `(ERR_[A-Z_]+)`$/gm],
  [
    "warning",
    // Options have variables whose names begin as those of warnings do. SOCKACT_WATCHDOG is one of each.
    /"(SOCKACT_(?!\w+_TIMEOUT|\w+_EXIT_STATUS|(?:CLUSTER|HANDOVER|HEALTH|MAP|NOTIFY|PORT|PREDECESSOR|PROXY_PROTOCOL|RELOAD_RESULT|SIGNALS|TRUST_PARENT)")[A-Z_]+)"/g,
    /^#+ `(SOCKACT_[A-Z_]+)`$/gm,
  ],
])("docs/errors.md has a line for each %s, and no other", (_, inSource, inDocs) => {
  const codes = (text: string, pattern: RegExp): (string | undefined)[] =>
    Array.from(text.matchAll(pattern), ([, code]) => code);
  const documented = new Set(codes(readFileSync(join(packages, "../docs/errors.md"), "utf8"), inDocs));
  const used = new Set(sources().flatMap((text) => codes(text, inSource)));
  expect(documented.size).toBeGreaterThan(2);
  expect(
    [...used].filter((code) => !documented.has(code)),
    "write a section in docs/errors.md",
  ).toEqual([]);
  expect(
    [...documented].filter((code) => !used.has(code)),
    "remove the section in docs/errors.md",
  ).toEqual([]);
});
