import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import type { DefaultTheme } from "vitepress";
import { descriptionOf } from "./descriptions.ts";
import { generatedPageLink, generatedPages } from "./generated-pages.ts";
import { siteLink } from "./repository-links.ts";
import { linksOf } from "./sidebar.ts";

interface Site {
  title: string;
  description: string;
  /** Where the pages are, and where the site is written. */
  source: string;
  out: string;
  address: string;
  sidebar: DefaultTheme.SidebarItem[];
}

/**
 * A page as it is published in Markdown: its links are whole addresses, since llms-full.txt has the pages of
 * all folders. It has no front matter, no comments, because they are for authors, and no components, because
 * they need a browser.
 */
export function publishedMarkdown(text: string, page: string, address: string): string {
  const addressOf = (link: string): string => {
    if (/^(?:[a-z]+:|#)/i.test(link)) return link;
    if (link.startsWith("/")) return `${address}${link.slice(1)}`;
    const path = posix.join(posix.dirname(page), link);
    // A file in public/ is served without this folder in its address.
    if (path.startsWith("public/")) return address + path.slice("public/".length);
    return siteLink(link, page) ?? address + path;
  };
  return text
    .replace(/^---\n.*?\n---\n+/s, "")
    .split(/(^ *(?:```|~~~).*?^ *(?:```|~~~)$)/ms)
    .map((part, index) =>
      index % 2 === 1
        ? part
        : part
            .replaceAll(/^ *<!--.*?-->\n+/gms, "")
            .replaceAll(/^<script setup>.*?<\/script>\n+|^<[A-Z]\w* \/>\n+/gms, "")
            .replaceAll(/(`[^`\n]*`)|\]\(([^()\s]+)\)/g, (whole, code?: string, link?: string) =>
              code === undefined ? `](${addressOf(generatedPageLink(link!, page) ?? link!)})` : whole,
            ),
    )
    .join("");
}

/**
 * Writes llms.txt (a list of the pages), llms-full.txt (all pages by the order of the sidebar), and each page
 * as Markdown. See llmstxt.org.
 */
export function writeLlms({ title, description, source, out, address, sidebar }: Site): void {
  const pages = new Map(
    linksOf(sidebar).map((link) => {
      const file = `${link.slice(1).replace(/\/$/, "/index")}.md`;
      return [
        link,
        { file, text: generatedPages.get(file) ?? readFileSync(join(source, file), "utf8") },
      ] as const;
    }),
  );
  const asMarkdown = [
    ...Array.from(pages.values(), ({ file, text }) => [file, text] as const),
    ...generatedPages,
  ];
  for (const [file, text] of asMarkdown) {
    mkdirSync(dirname(join(out, file)), { recursive: true });
    writeFileSync(join(out, file), publishedMarkdown(text, file, address));
  }
  const lineOf = (link: string): string => {
    const { file, text } = pages.get(link)!;
    const name = /^# (.*)/m.exec(text)?.[1] ?? file;
    return `- [${name}](${address}${file}): ${descriptionOf(text)}`;
  };
  const sections = sidebar.map(
    ({ text, items = [] }) => `## ${text}\n\n${linksOf(items).map(lineOf).join("\n")}\n`,
  );
  writeFileSync(join(out, "llms.txt"), `# ${title}\n\n> ${description}\n\n${sections.join("\n")}`);
  writeFileSync(
    join(out, "llms-full.txt"),
    [...pages.values()]
      .map(({ file, text }) => `${publishedMarkdown(text, file, address).trim()}\n`)
      .join("\n---\n\n"),
  );
}
