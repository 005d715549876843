// Makes a page for each code, and a page with all of them, from the pages that `sockact explain` reads too.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readCodes } from "../../packages/cli/src/lib/explain/read-codes.ts";
import { pageOfAllCodes } from "./page-of-all-codes.ts";
import { pageOfCode } from "./page-of-code.ts";

const folder = fileURLToPath(new URL("..", import.meta.url));
/** The pages that describe codes. On GitHub and in Markdown, they have the whole texts. */
export const sources: readonly string[] = ["errors.md", "doctor.md", "lint.md"];

export default {
  watch: sources.map((page) => folder + page),
  paths() {
    const texts = sources.map((page) => [page, readFileSync(folder + page, "utf8")]);
    const all = readCodes(Object.fromEntries(texts) as Record<string, string>);
    const names = [...new Set(all.map(({ code }) => code))];
    return [
      { params: { code: "index" }, content: pageOfAllCodes(all) },
      ...names.map((code) => ({ params: { code }, content: pageOfCode(code, all) })),
    ];
  },
};
