import process from "node:process";
import { stripVTControlCharacters } from "node:util";
import Table from "cli-table3";
import { colourOut } from "./print.ts";

/** The heading of a column. */
export interface Column {
  title: string;
  align?: "left" | "right";
  /**
   * If the terminal is too narrow, the columns with the highest number are omitted first. By default, a
   * column is kept.
   */
  optional?: number;
}

const GAP = 2;
/** The minimum width of a column. */
const NARROWEST = 8;
/** A wider cell is truncated before a column is omitted. */
const WIDE = 16;

/** The width of the terminal, or no limit without one. */
function outputWidth(): number {
  return process.stdout.isTTY ? process.stdout.columns || 80 : Infinity;
}

const widthOf = (cell: string): number =>
  Math.max(
    ...stripVTControlCharacters(cell)
      .split("\n")
      .map((line) => line.length),
  );

/**
 * Aligns rows in columns, at most as wide as the terminal: omits optional columns, then truncates the widest
 * cells. A cell may have several lines.
 */
export function table(
  heading: readonly (string | Column)[],
  rows: readonly (readonly string[])[],
  { width = outputWidth() }: { width?: number | undefined } = {},
): string {
  let columns = heading.map((column, index) => {
    const { title, align = "left", optional = 0 } = typeof column === "string" ? { title: column } : column;
    const cells = rows.map((row) => row[index] ?? "");
    return { title, align, optional, cells, width: Math.max(...[title, ...cells].map(widthOf)) };
  });
  const total = (widest = Infinity) =>
    columns.reduce((sum, column) => sum + Math.min(column.width, widest) + GAP, -GAP);
  while (total(WIDE) > width) {
    const least = Math.max(...columns.map(({ optional }) => optional));
    if (least === 0) break;
    columns = columns.filter(({ optional }) => optional !== least);
  }
  while (total() > width) {
    const widest = columns.reduce((one, other) => (other.width > one.width ? other : one));
    if (widest.width <= NARROWEST) break;
    widest.width -= 1;
  }
  const printed = new Table({
    chars: Object.fromEntries(
      "top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid right right-mid middle"
        .split(" ")
        .map((part) => [part, part === "middle" ? " ".repeat(GAP) : ""]),
    ),
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [], compact: true },
    colWidths: columns.map((column) => column.width),
    colAligns: columns.map(({ align }) => align),
  });
  printed.push(columns.map(({ title }) => colourOut("dim", title)));
  for (const index of rows.keys()) printed.push(columns.map(({ cells }) => cells[index]!));
  return `${printed.toString().replaceAll(/ +$/gm, "")}\n`;
}
