import type { MarkdownRenderer } from "vitepress";

type Token = Parameters<MarkdownRenderer["renderer"]["render"]>[0][number];

/**
 * GitHub wants a header for each table. Where it is empty, a screen reader would announce headers that say
 * nothing.
 */
export function dropEmptyHeaders(md: MarkdownRenderer): void {
  md.core.ruler.push("empty-table-headers", ({ tokens }) => {
    for (let at = 0; at < tokens.length; at++) {
      if (tokens[at]!.type !== "thead_open") continue;
      const end = tokens.findIndex(({ type }, index) => index > at && type === "thead_close");
      const cells = tokens.slice(at, end).filter(({ type }) => type === "inline");
      if (cells.every(({ content }) => content === "")) {
        tokens.splice(at, end - at + 1);
        continue;
      }
      for (let cell = at; cell < end; cell++) {
        if (tokens[cell]!.type !== "th_open" || tokens[cell + 1]!.content !== "") continue;
        tokens[cell]!.tag = "td";
        tokens[cell + 2]!.tag = "td";
      }
    }
  });
}

/** The width of a table on a phone, of a letter, and of the space around the text of a cell, in pixels. */
const phone = { table: 290, letter: 8, padding: 32 };

/** The longest row, in characters, that is readable as a row on a phone. */
const LONGEST_ROW = 60;

/** The longest cell, in characters, that is readable in a column on a phone. */
const LONGEST_CELL = 60;

/** A cell under one of these headers needs no name. */
const obvious = /^(?:|Description|What it does|What it is)$/i;

/** The text of a cell without its marks. */
const textOf = ({ children }: Token): string =>
  (children ?? []).map(({ type, content }) => (type === "html_inline" ? "" : content)).join("");

/** Whether a phone can't show the columns beside each other, or only with a few words in a line. */
function isTooWide(rows: readonly (readonly string[])[]): boolean {
  const [headers = [], ...others] = rows;
  const values = others.flatMap((cells) => cells.slice(1));
  const numbers = values.filter((cell) => /^\W*\d/.test(cell));
  // Readers compare numbers in a column, so a table of numbers stays a table.
  if (numbers.length > values.length / 2) return values.some((cell) => cell.length > LONGEST_CELL);
  const widths = headers.map((_, column) => {
    const words = rows.flatMap((cells) => (cells[column] ?? "").split(/\s+/));
    return Math.max(...words.map(({ length }) => length)) * phone.letter + phone.padding;
  });
  const width = widths.reduce((sum, one) => sum + one, 0);
  const isLong = others.some((cells) => cells.join("").length > LONGEST_ROW);
  return width > phone.table || (headers.length > 2 && isLong);
}

/**
 * Marks the tables that are too wide for a phone. There, `style.css` shows the cells of a row one below the
 * other, and begins each with the header of its column, which is in a custom property of the table.
 */
export function stackWideTables(md: MarkdownRenderer): void {
  md.core.ruler.push("stacked-tables", ({ tokens }) => {
    for (const [at, table] of tokens.entries()) {
      if (table.type !== "table_open") continue;
      const rows: string[][] = [];
      const end = tokens.findIndex(({ type }, index) => index > at && type === "table_close");
      for (const token of tokens.slice(at, end)) {
        if (token.type === "tr_open") rows.push([]);
        if (token.type === "inline") rows.at(-1)!.push(textOf(token));
      }
      if (!isTooWide(rows)) continue;
      const names = rows[0]!.map((header, index) => ({
        column: index + 1,
        header: header.replaceAll(/["\\;]/g, ""),
      }));
      table.attrSet("class", "stacked");
      table.attrSet(
        "style",
        names
          .filter(({ column, header }) => column > 1 && !obvious.test(header))
          .map(({ column, header }) => `--column-${column}:"${header}: "`)
          .join(";"),
      );
    }
  });
  // The rule of VitePress drops the attributes of the token. Keys scroll a table only if it can have the focus.
  md.renderer.rules.table_open = (tokens, at, options, _, self) => {
    tokens[at]!.attrSet("tabindex", "0");
    return self.renderToken(tokens, at, options);
  };
}
