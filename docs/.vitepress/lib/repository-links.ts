import { existsSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import type { MarkdownRenderer } from "vitepress";
import { root, webAddress } from "../../../scripts/lib/packages.ts";

/**
 * The address that a link of a page has on the site, if it has another one in Markdown: a file outside of
 * docs/ is read on GitHub. `page` is relative to docs/.
 */
export function siteLink(link: string, page: string): string | undefined {
  if (/^(?:[a-z]+:|[/#])/i.test(link)) return undefined;
  const [path = "", anchor] = link.split("#");
  const file = posix.join("docs", posix.dirname(page), path);
  // A page. VitePress reports it if it does not exist.
  if (file.startsWith("docs/") && (path.endsWith(".md") || !existsSync(join(root, file)))) return undefined;
  const kind = existsSync(join(root, file)) && statSync(join(root, file)).isDirectory() ? "tree" : "blob";
  return `${webAddress}/${kind}/main/${file.replace(/\/$/, "")}${anchor === undefined ? "" : `#${anchor}`}`;
}

/** Makes links to files outside of docs/ lead to GitHub, before VitePress looks for dead links. */
export function linkRepository(md: MarkdownRenderer): void {
  md.core.ruler.push("repository-links", ({ tokens, env }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      if (token.type !== "link_open") continue;
      const address = siteLink(token.attrGet("href") ?? "", (env as { relativePath: string }).relativePath);
      if (address !== undefined) token.attrSet("href", address);
    }
  });
}
