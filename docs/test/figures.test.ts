import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const docs = join(import.meta.dirname, "..");
const read = (page: string): string => readFileSync(join(docs, page), "utf8");

/** The rows of the first table after a comment, as the texts of their cells, without ranges and bold type. */
function rowsAfter(comment: string, page: string): string[][] {
  const [, after = ""] = read(page).split(`${comment}\n`);
  const [table = ""] = /(?:^\|.*\n)+/m.exec(after) ?? [];
  const [, , ...rows] = table.trim().split("\n");
  return rows.map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.replaceAll(/\*\*| \(.*\)/g, "").trim()),
  );
}

test.each(["index.md", "why.md"])("%s has the figures of Benchmarks for a new version", (page) => {
  const measured = new Map(
    rowsAfter("<!-- change -->", "benchmarks.md").map(([setup, failed, , , wait]) => [setup, [failed, wait]]),
  );
  const shown = rowsAfter("<!-- figures: benchmarks -->", page);
  expect(shown.length).toBeGreaterThan(2);
  for (const [setup, ...figures] of shown) expect([setup, figures]).toEqual([setup, measured.get(setup)]);
});

test("the first page has the memory of 100 apps that Benchmarks has", () => {
  const rows = rowsAfter("**Many Express apps on one host, Node 20**", "benchmarks.md");
  const measured = new Map(rows.map(([apps, , memory]) => [apps, memory]));
  const figure = (name: string): string => String(measured.get(`100 apps, ${name}`));
  expect(read("index.md")).toContain(`take ${figure("asleep")} MB, and ${figure("always on")} MB when`);
});
