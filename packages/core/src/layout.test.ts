import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

const lib = join(import.meta.dirname, "lib");

/** The folders that a cold start needs. A file imports only from its own folder, and from folders above it in this list. */
const order = ["shared", "activation/protocol", "activation/proc", "activation", "binding"];

const sources = readdirSync(lib, { recursive: true, encoding: "utf8" }).filter(
  (file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && order.includes(dirname(file)),
);

/** The files of this package that a file imports, types too, as paths in src/lib. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(lib, file), "utf8");
  return [...text.matchAll(/(?: from|^import) "(\.[^"]+)"/gm)].map(([, path]) =>
    join(dirname(file), path as string),
  );
}

test("each folder imports only those above it", () => {
  const upward = sources.flatMap((file) =>
    importsOf(file)
      .filter((imported) => !order.slice(0, order.indexOf(dirname(file)) + 1).includes(dirname(imported)))
      .map((imported) => `${file} imports ${imported}`),
  );
  expect(upward).toEqual([]);
});

test("no files import each other in a circle", () => {
  const left = new Map(sources.map((file) => [file, importsOf(file)]));
  for (let before = -1; before !== left.size;) {
    before = left.size;
    for (const [file, imports] of left)
      if (!imports.some((imported) => left.has(imported))) left.delete(file);
  }
  expect([...left.keys()]).toEqual([]);
});
