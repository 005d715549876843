import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DefaultTheme } from "vitepress";
import { codePages } from "./code-pages.ts";
import { descriptionOf } from "./descriptions.ts";
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

/** Writes llms.txt (a list of the pages), llms-full.txt (all pages by the order of the sidebar), and each page as Markdown. See llmstxt.org. */
export function writeLlms({ title, description, source, out, address, sidebar }: Site): void {
  const pages = new Map(
    linksOf(sidebar).map((link) => {
      const file = `${link.slice(1).replace(/\/$/, "/index")}.md`;
      return [link, { file, text: codePages.get(file) ?? readFileSync(join(source, file), "utf8") }];
    }),
  );
  const asMarkdown = [...Array.from(pages.values(), ({ file, text }) => [file, text] as const), ...codePages];
  for (const [file, text] of asMarkdown) {
    mkdirSync(dirname(join(out, file)), { recursive: true });
    writeFileSync(join(out, file), text);
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
    [...pages.values()].map(({ text }) => `${text.trim()}\n`).join("\n---\n\n"),
  );
}
