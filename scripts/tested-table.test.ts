import { expect, test } from "vitest";
import { type Table, withRows } from "./lib/tested-table.ts";

const heading = ["Node", "passed"];
const majorOf = (version: string): string => version.split(".")[0] ?? "";
const write = (text: string, ...rows: string[][]): string =>
  withRows(text, "node", [heading, ...rows] as Table, majorOf);
const rowsOf = (text: string): string[] => text.match(/^\| \d.*$/gm) ?? [];

const empty = "before\n<!-- node -->\n<!-- /node -->\nafter\n";

test("a run writes a row for each version, in their order", () => {
  const text = write(empty, ["22.1.0", "5"], ["20.19.0", "4"]);
  expect(text).toBe(
    "before\n<!-- node -->\n\n| Node | passed |\n| --- | --- |\n| 20.19.0 | 4 |\n| 22.1.0 | 5 |\n\n<!-- /node -->\nafter\n",
  );
});

test("a later run replaces the row of its version, and leaves the others", () => {
  const text = write(write(empty, ["22.1.0", "5"], ["26.9.0", "6"]), ["26.10.0", "7"], ["24.0.0", "1"]);
  expect(rowsOf(text)).toEqual(["| 22.1.0 | 5 |", "| 24.0.0 | 1 |", "| 26.10.0 | 7 |"]);
});

test("rows of other columns are not kept", () => {
  const text = withRows(
    write(empty, ["22.1.0", "5"]),
    "node",
    [
      ["Node", "passed", "failed"],
      ["24.0.0", "1", "0"],
    ],
    majorOf,
  );
  expect(rowsOf(text)).toEqual(["| 24.0.0 | 1 | 0 |"]);
});

test("a page without the comments is refused", () => {
  expect(() => write("# Tested", ["22.1.0", "5"])).toThrow("has no <!-- node -->");
});
