import type { DefaultTheme } from "vitepress";

/**
 * The words of a text as the search compares them. A name such as SOCKACT_UNTAKEN, idleTimeout= or .env is found whole and by its parts.
 * VitePress sends this function to the browser as text, so it uses nothing from outside.
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
        fuzzy: 0.1,
        boost: { title: 6, titles: 2, text: 1 },
      },
    },
  },
};
