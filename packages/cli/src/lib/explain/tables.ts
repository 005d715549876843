/** A table of a Markdown page. */
export interface Table {
  /** The headings above it, without the title of the page. */
  headings: readonly string[];
  /** The anchor of the nearest heading, as GitHub makes it. */
  anchor: string;
  /** Its rows, by the headings of the columns in lower case. */
  rows: Readonly<Record<string, string>>[];
}

/** Reads the tables of a Markdown page. */
export function readTables(page: string): Table[] {
  const tables: Table[] = [];
  const anchors = new Map<string, number>();
  let path: string[] = [];
  let anchor = "";
  let columns: string[] | undefined;
  for (const line of page.split("\n")) {
    const heading = /^(#+) +(.*)/.exec(line);
    if (heading) {
      const [, marks = "", title = ""] = heading;
      // The title of the page is in no path.
      path = [...path.slice(0, marks.length - 2), title].slice(marks.length === 1 ? 1 : 0);
      anchor = anchorOf(title, anchors);
    }
    if (!line.startsWith("|")) {
      columns = undefined;
      continue;
    }
    const cells = line.slice(1, line.lastIndexOf("|")).split(/(?<!\\)\|/);
    const texts = cells.map((cell) => cell.trim().replaceAll(String.raw`\|`, "|"));
    if (columns === undefined) {
      columns = texts.map((text) => text.toLowerCase());
      tables.push({ headings: path, anchor, rows: [] });
    } else if (!texts.every((text) => /^:?-+:?$/.test(text))) {
      tables.at(-1)!.rows.push(Object.fromEntries(columns.map((column, at) => [column, texts[at] ?? ""])));
    }
  }
  return tables;
}

function anchorOf(title: string, seen: Map<string, number>): string {
  const anchor = title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
  const times = seen.get(anchor) ?? 0;
  seen.set(anchor, times + 1);
  return times === 0 ? anchor : `${anchor}-${times}`;
}
