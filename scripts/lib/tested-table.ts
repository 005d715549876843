import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { partOf, withPart } from "./page-part.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = `${root}docs/tested.md`;

/** A heading, and a row for each version. The first cell of a row is the version. */
export type Table = readonly [heading: readonly string[], ...rows: (readonly string[])[]];

/**
 * Puts the rows of `table` into a table of `text`, between the comments `<!-- name -->` and `<!-- /name -->`.
 * A row replaces the row whose version has the same `key`. The others stay.
 */
export function withRows(
  text: string,
  name: string,
  [heading, ...rows]: Table,
  key: (version: string) => string,
): string {
  const earlier = partOf(text, name)
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .slice(2)
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    )
    .filter((cells) => cells.length === heading.length);
  const all = new Map([...earlier, ...rows].map((cells) => [key(cells[0] ?? ""), cells]));
  const sorted = [...all.values()].toSorted(([a = ""], [b = ""]) =>
    a.localeCompare(b, "en", { numeric: true }),
  );
  const lines = [heading, heading.map(() => "---"), ...sorted].map((cells) => `| ${cells.join(" | ")} |`);
  return withPart(text, name, lines.join("\n"));
}

/** {@link withRows} for docs/tested.md. */
export function writeRows(name: "node" | "systemd", table: Table, key: (version: string) => string): void {
  writeFileSync(page, withRows(readFileSync(page, "utf8"), name, table, key));
  execFileSync("npx", ["oxfmt", page], { cwd: root });
}
