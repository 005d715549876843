import type { MarkdownRenderer } from "vitepress";

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
