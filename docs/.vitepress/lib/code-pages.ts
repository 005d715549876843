import { posix } from "node:path";
import type { MarkdownRenderer } from "vitepress";
import codes, { sources } from "../../codes/[code].paths.ts";
import { withListOfCodes } from "../../codes/list-of-codes.ts";

/**
 * The pages with one code each, and the page that lists them. They have no files: VitePress makes them when
 * it builds.
 */
export const codePages: ReadonlyMap<string, string> = new Map(
  codes.paths().map(({ params, content }) => [`codes/${params.code}.md`, content]),
);

const pagesByAnchor = new Map(
  Array.from(codePages.keys(), (page) => [posix.basename(page, ".md").toLowerCase(), page]),
);

/** The page of a code, relative to a page with a link to its section elsewhere, such as `errors.md#code`. */
export function codePageLink(link: string, page: string): string | undefined {
  const [path = "", anchor = ""] = link.split("#");
  const target = pagesByAnchor.get(anchor);
  // The page of a code links to the codes around it.
  if (target === undefined || target === page || !sources.includes(posix.join(posix.dirname(page), path)))
    return undefined;
  return posix.relative(posix.dirname(page), target);
}

/** Makes the pages with codes list them, and links to one of the codes lead to its page. */
export function linkCodes(md: MarkdownRenderer): void {
  md.core.ruler.before("normalize", "list-of-codes", (state) => {
    const { relativePath } = state.env as { relativePath: string };
    if (sources.includes(relativePath)) state.src = withListOfCodes(state.src);
  });
  md.core.ruler.push("code-links", ({ tokens, env }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      if (token.type !== "link_open") continue;
      const page = codePageLink(token.attrGet("href") ?? "", (env as { relativePath: string }).relativePath);
      if (page !== undefined) token.attrSet("href", page);
    }
  });
}
