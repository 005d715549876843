import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";

const lib = join(import.meta.dirname, "lib");

/** The folders of src/lib. A file imports only from its own folder, and from folders above it in this list. */
const order = [
  ".",
  "systemd",
  "node",
  "parse",
  "lint/values",
  "lint/findings",
  "lint/subjects",
  "lint/rules/service",
  "lint/rules",
  "lint",
  "description",
  "write",
  "read/values",
  "read/fields",
  "read/conflicts",
  "read/sandbox",
  "read",
  "emit/sections",
  "emit/ports",
  "emit",
];

const sources = readdirSync(lib, { recursive: true, encoding: "utf8" }).filter(
  (file) => file.endsWith(".ts") && !file.endsWith(".test.ts"),
);

/** The files that a file imports, types too, as paths in src/lib. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(lib, file), "utf8");
  return [...text.matchAll(/ from "([^"]+)"/g)].map(([, path]) => join(dirname(file), path!));
}

it("has each folder of src/lib in the order of imports", () => {
  expect([...new Set(sources.map((file) => dirname(file)))].toSorted()).toEqual(order.toSorted());
});

it("imports only from folders above, and has no circle within a folder", () => {
  const wrong = sources.flatMap((file) =>
    importsOf(file)
      .filter((imported) => order.indexOf(dirname(imported)) > order.indexOf(dirname(file)))
      .map((imported) => `${file} imports ${imported}`),
  );
  expect(wrong).toEqual([]);

  const left = new Map(sources.map((file) => [file, importsOf(file)]));
  for (let before = -1; before !== left.size;) {
    before = left.size;
    for (const [file, imported] of left) if (!imported.some((one) => left.has(one))) left.delete(file);
  }
  expect([...left.keys()]).toEqual([]);
});
