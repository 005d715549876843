import type { DefaultTheme } from "vitepress";
import { codePages } from "./code-pages.ts";

/**
 * Splits what the search compares into words. A name such as SOCKACT_UNTAKEN, idleTimeout= or .env is found whole and by its parts.
 * VitePress sends the source of this function to the browser, so the function uses nothing from outside.
 */
export function wordsOf(text: string): string[] {
  const names = text.match(/[\p{L}\p{N}_$]+(?:[-./@:][\p{L}\p{N}_$]+)*/gu) ?? [];
  return names.flatMap((name) => {
    const parts = name
      .replaceAll(/(\p{Ll}|\p{N})(\p{Lu})/gu, "$1 $2")
      .split(/[^\p{L}\p{N}]+/u)
      .filter((part) => part !== "");
    return parts.length > 1 ? [name, ...parts] : parts;
  });
}

/** How much a page counts. The pages that answer a question come before those that list everything. VitePress sends the source of this function too. */
export function weightOf(page: string): number {
  if (/\/reference\//.test(page)) return 0.5;
  if (/\/(?:codes\/.*|coming-from\/.*|errors|lint|doctor|command-line|protocol)(?:#|$)/.test(page)) return 1;
  return /\/(?:start|install|troubleshooting|frameworks\/\w+)(?:#|$)/.test(page) ? 2 : 1.5;
}

/** What the search knows of the page of a code. VitePress indexes files, and such a page is not a file. */
function sectionsOf(file: string): { anchor: string; titles: string[]; text: string }[] | undefined {
  const page = Array.from(codePages).find(([path]) => file.endsWith(`/${path}`));
  if (page === undefined) return undefined;
  const [, code] = /^codes\/(.*)\.md$/.exec(page[0])!;
  if (code === "index") return [{ anchor: "", titles: ["All codes"], text: "errors warnings findings" }];
  const text = page[1].replace(/^---\n.*?\n---\n/s, "").replaceAll(/\]\([^)]*\)|[`*#[]/g, "");
  return [{ anchor: "", titles: [code!], text }];
}

export const search: NonNullable<DefaultTheme.Config["search"]> = {
  provider: "local",
  options: {
    detailedView: "auto",
    miniSearch: {
      options: { tokenize: wordsOf },
      searchOptions: {
        // A page must have every word.
        combineWith: "AND",
        prefix: true,
        fuzzy: 0.2,
        boost: { title: 6, titles: 2, text: 1 },
        boostDocument: weightOf,
      },
      _splitIntoSections: sectionsOf as never,
    },
  },
};
