import { readCodes } from "../../packages/cli/src/lib/explain/read-codes.ts";
import { firstSentence } from "./page-of-code.ts";

/**
 * A page with codes as the site shows it: the section of each code becomes an item with a link to its page,
 * and its first sentence. The item has the anchor of the section.
 */
export function withListOfCodes(markdown: string): string {
  const codes = new Map(readCodes({ "": markdown }).map((entry) => [entry.code, entry]));
  return markdown
    .split(/^(?=#+ )/m)
    .map((section) => {
      const entry = codes.get(/^#+ `([^`]+)`\n/.exec(section)?.[1] ?? "");
      if (!entry) return section;
      const { code, severity, meaning } = entry;
      const about = severity === undefined ? "" : ` (${severity})`;
      return `- [\`${code}\`](codes/${code}.md){#${code.toLowerCase()}}${about}: ${firstSentence(meaning)}\n`;
    })
    .join("");
}
