import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { sinceOf } from "../packages/units/src/lib/systemd/versions.ts";

const page = readFileSync(new URL("../docs/versioning.md", import.meta.url), "utf8");

/** Directives that systemd has had for longer, in a use that is newer. */
const newUses = ["FileDescriptorName=", "Accept=yes"];

test("docs/versioning.md names each directive at the version of systemd that has it first", () => {
  const rows = [...page.matchAll(/^\| (\d{3}) +\| (.+) \|$/gm)];
  const named = rows.flatMap(([, version, text = ""]) =>
    [...text.matchAll(/`(\w+=\w*(?:-\w+)?)`/g)]
      .map(([, directive = ""]) => directive)
      .filter((directive) => !newUses.includes(directive))
      .map((directive) => [directive, Number(version)] as const),
  );
  expect(named.length).toBeGreaterThan(20);
  const expected = named.map(([directive]) => [directive, sinceOf(directive.replace(/=$/, ""))]);
  expect(named).toEqual(expected);
});
