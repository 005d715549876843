import { posix } from "node:path";
import { slug } from "github-slugger";
import type { MarkdownRenderer } from "vitepress";
import codes, { readAll } from "../../codes/[code].paths.ts";
import commands from "../../commands/[command].paths.ts";

/**
 * The pages of the commands, the pages with one code each, and the page that lists the codes. They have no
 * files: VitePress makes them when it builds.
 */
export const generatedPages: ReadonlyMap<string, string> = new Map([
  ...codes.paths().map(({ params, content }) => [`codes/${params.code}.md`, content] as const),
  ...commands.paths().map(({ params, content }) => [`commands/${params.command}.md`, content] as const),
]);

/**
 * The generated page for each file that GitHub shows in its place: the help of a command, the description of
 * a code, and the start of the codes of a file.
 */
const targets = new Map(
  commands
    .paths()
    .map(({ params: { command } }) => [`outputs/help-${command}.txt`, `commands/${command}.md`]),
);
for (const { page, theme, code } of readAll()) {
  if (!targets.has(page)) targets.set(page, `codes/index.md#${slug(theme)}`);
  targets.set(`${page}#${code.toLowerCase()}`, `codes/${code}.md`);
}

/** Where a link to such a file leads on the site. */
export function generatedPageLink(link: string, page: string): string | undefined {
  const [path = "", anchor] = link.split("#");
  const file = posix.join(posix.dirname(page), path);
  const target = targets.get(anchor === undefined ? file : `${file}#${anchor}`);
  return target === undefined ? undefined : posix.relative(posix.dirname(page), target);
}

/** Makes links to such files lead to the pages of the site. */
export function linkGeneratedPages(md: MarkdownRenderer): void {
  md.core.ruler.push("generated-page-links", ({ tokens, env }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      if (token.type !== "link_open") continue;
      const { relativePath } = env as { relativePath: string };
      const page = generatedPageLink(token.attrGet("href") ?? "", relativePath);
      if (page !== undefined) token.attrSet("href", page);
    }
  });
}
