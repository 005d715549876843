import type { DefaultTheme } from "vitepress";
import { generatedPages } from "./generated-pages.ts";
import { keywords } from "./keywords.ts";

/**
 * Splits what the search compares into words. A name such as SOCKACT_WARN_UNCLAIMED, idleTimeout= or .env is
 * found whole and by its parts. VitePress sends the source of this function to the browser, so the function
 * uses nothing from outside.
 */
export function wordsOf(text: string): string[] {
  const names = text.match(/(?:(?<![\p{L}\p{N}])\/)?[\p{L}\p{N}_$]+(?:[-./@:'’][\p{L}\p{N}_$]+)*/gu) ?? [];
  return names.flatMap((name) => {
    const parts = name
      .replaceAll(/(\p{Ll}|\p{N})(\p{Lu})/gu, "$1 $2")
      .split(/[^\p{L}\p{N}]+/u)
      // What every code begins with finds nothing in particular, and neither does the 0 of 10.0.0.1.
      .filter((part) => !/^(?:\d{0,2}|SOCKACT|ERR|WARN)$/.test(part));
    return parts.length > 1 || name !== parts[0] ? [name, ...parts] : parts;
  });
}

/**
 * The form in which words are compared. Words that a question has only for its grammar are left out, so that
 * whole sentences find something. VitePress sends the source of this function too.
 */
export function comparedForm(word: string): string | null {
  const form = word.toLowerCase();
  return /^(?:\p{L}|also|an?|and|any|are|as|at|be|because|but|by|can|can['’]t|cannot|could|did|do|does|doesn['’]t|doesn|don['’]t|don|each|for|from|get|gets|got|had|has|have|how|i['’]m|i['’]ve|if|in|into|is|isn['’]t|isn|it|it['’]s|its|may|me|mean|means|my|not|of|on|or|our|shall|should|so|such|than|that|the|their|then|there|these|they|this|those|to|too|us|want|was|we|were|what|what['’]s|when|where|whether|which|who|why|will|with|won['’]t|won|would|you|your|happens?|need)$/u.test(
    form,
  )
    ? null
    : form;
}

/**
 * How much a page counts. The pages that answer a question come before those that list everything. VitePress
 * sends the source of this function too.
 */
export function weightOf(page: string): number {
  if (/\/reference\//.test(page)) return 0.5;
  // A code is searched for with its whole name, which counts more.
  if (/\/codes\//.test(page)) return 0.7;
  if (/\/(?:commands\/.*|coming-from\/.*|errors|lint|doctor|command-line|protocol)(?:#|$)/.test(page))
    return 1;
  return /\/(?:start|install|troubleshooting|first-certificate|frameworks\/\w+)(?:#|$)/.test(page) ? 2 : 1.5;
}

/**
 * How much a word of a question counts. A whole name counts more than its parts, which follow it. VitePress
 * sends the source of this function too.
 */
function weightOfWord(word: string, at: number, words: string[]): number {
  const next = words[at + 1];
  return next !== undefined && next !== word && word.includes(next) ? 3 : 1;
}

/**
 * What the search reads of a section. Its text brings its keywords along, since VitePress passes on no more
 * fields.
 */
function fieldOf(section: Record<string, unknown>, field: string): string {
  if (field !== "text" && field !== "keywords") return section[field] as string;
  const [text, words] = (section["text"] as string).split("\u0000");
  return (field === "text" ? text : words) ?? "";
}

interface Section {
  anchor: string;
  titles: string[];
  text: string;
}

/**
 * What the search knows of a page. VitePress indexes files, and a generated page is not a file.
 */
export function sectionsOf(file: string, html: string): Section[] {
  const [, page = ""] = /\/docs\/(.*)\.md$/.exec(file) ?? [];
  // Nobody searches for a figure.
  const withoutFigures =
    page === "benchmarks" || page === "tested" ? html.replaceAll(/<table.*?<\/table>/gs, " ") : html;
  // The sentences and the headings of the reference have all names of its declarations. Each row of a table is
  // found like a heading.
  const read = page.startsWith("reference/")
    ? withoutFigures
        .replaceAll(/<pre.*?<\/pre>/gs, " ")
        .replaceAll(/<code id="([^"]*)">(.*?)<\/code>/g, '<h4>$2<a href="#$1"></a></h4>')
    : withoutFigures;
  const all = sectionsOfGenerated(page) ?? sectionsOfHtml(read);
  // This part of core, for authors of adapters, has most names of core again, and the benchmarks answer the
  // questions of their figures. A second result for each would be one too many.
  const sections = /^(?:reference\/core-adapter|benchmark-data)$/.test(page) ? all.slice(0, 1) : all;
  return sections.map((section, index) => {
    const words = [index === 0 ? keywords[page] : undefined, keywords[`${page}#${section.anchor}`]];
    return {
      ...section,
      text: [section.text, words.filter((it) => it !== undefined).join(", ")].join("\u0000"),
    };
  });
}

function sectionsOfGenerated(page: string): Section[] | undefined {
  const markdown = generatedPages.get(`${page}.md`);
  if (markdown === undefined) return undefined;
  if (page === "codes/index")
    return [{ anchor: "", titles: ["All codes"], text: "errors warnings findings" }];
  const text = markdown
    .replace(/^---\n.*?\n---\n/s, "")
    .replace(/^## See also$.*/ms, "")
    .replaceAll(/\]\([^)]*\)|[`*#[]/g, "");
  return [{ anchor: "", titles: [page.replace("codes/", "").replace("commands/", "sockact ")], text }];
}

/** The sections of a page by its headings, with the headings above them. */
function sectionsOfHtml(html: string): Section[] {
  let above: string[] = [];
  const parts = html.split(/<h([1-6])[^>]*>(.*?)<a [^>]*href="#([^"]*)"[^>]*>.*?<\/a><\/h\1>/g).slice(1);
  return Array.from({ length: parts.length / 4 }, (_, index) => {
    const [level, heading, anchor, body] = parts.slice(index * 4, index * 4 + 4) as [
      string,
      string,
      string,
      string,
    ];
    above = [...above.slice(0, Number(level) - 1), textOf(heading).trim()];
    return { anchor, titles: above.filter((title) => title !== undefined), text: textOf(body) };
  });
}

function textOf(html: string): string {
  const characters: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', "#39": "'" };
  return html
    .replaceAll(/<(?:style|svg)\b.*?<\/(?:style|svg)>|<[^>]*>/gs, " ")
    .replaceAll(/&(\w+|#\d+);/g, (entity, name: string) => characters[name] ?? entity)
    .replaceAll(/\s+/g, " ");
}

export const miniSearch = {
  options: {
    fields: ["title", "titles", "text", "keywords"],
    extractField: fieldOf,
    tokenize: wordsOf,
    processTerm: comparedForm,
  },
  searchOptions: {
    // The more words of the question a section has, the higher it comes.
    combineWith: "OR",
    prefix: true,
    fuzzy: 0.2,
    boost: { title: 6, keywords: 8, titles: 2, text: 1 },
    boostDocument: weightOf,
    boostTerm: weightOfWord,
  },
} satisfies Record<string, object>;

export const search: NonNullable<DefaultTheme.Config["search"]> = {
  provider: "local",
  options: {
    detailedView: "auto",
    miniSearch: { ...miniSearch, _splitIntoSections: sectionsOf as never } as never,
  },
};
