// Makes a page for each code, and a page with all of them, from the files that `sockact explain` reads too.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readCodes, type DocumentedCode } from "../../packages/cli/src/lib/explain/read-codes.ts";
import { pageOfAllCodes } from "./page-of-all-codes.ts";
import { pageOfCode } from "./page-of-code.ts";

const folder = fileURLToPath(new URL("..", import.meta.url));
const sources = ["codes/errors.md", "codes/doctor.md", "codes/lint.md", "codes/prove.md"];

/** All codes, in the order of the files that describe them. On GitHub, readers see these files. */
export const readAll = (): DocumentedCode[] =>
  readCodes(Object.fromEntries(sources.map((page) => [page, readFileSync(folder + page, "utf8")])));

export default {
  watch: sources.map((page) => folder + page),
  paths() {
    const all = readAll();
    const names = [...new Set(all.map(({ code }) => code))];
    return [
      { params: { code: "index" }, content: pageOfAllCodes(all) },
      ...names.map((code) => ({ params: { code }, content: pageOfCode(code, all) })),
    ];
  },
};
