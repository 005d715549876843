import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { root } from "../packages.ts";
import { type Block, blocksOf, noteOf } from "./page-blocks.ts";

/** Code that a reader can paste into a file and run. */
export interface Snippet {
  /** Its page, its number there, and its module system. */
  readonly title: string;
  readonly language: string;
  readonly file: string;
  /** Empty if the page does not have the code in this module system. */
  readonly code: string;
  /** Whether a comment on the page says why a CommonJS form is missing. */
  readonly isEsmOnly: boolean;
}

/** Whether a block uses a package of ours, as an ES module. */
export const importsOurs = (code: string): boolean =>
  /^import .* from "(?:@sockact\/[\w/]+|sockact)";$/m.test(code);

const requires = /const [^=]+ = require\("[^"]+"\);/g;

/** The rest of a page below a block, up to the next heading or block. */
const textUntilBlock = (after: string): string => after.split("\n```")[0]!;

/**
 * The CommonJS form of a block, from the `require` lines or from the whole program that the page shows below
 * the block.
 */
function inCommonJS(code: string, after: string): string | undefined {
  const [untilNext = "", , nextCode = ""] = /^[^#]*?```(js|ts)\n([^]*?)```/.exec(after) ?? [];
  const nextIsCommonJs = nextCode.includes("require(");
  if (nextIsCommonJs && nextCode.replace(requires, "").trim() !== "") return nextCode;
  const lines = (nextIsCommonJs ? untilNext : textUntilBlock(after).split("\n## ")[0]!).match(requires);
  if (lines === null) return undefined;
  const isRenamed = after.split("```")[0]!.includes("`exec` names `/srv/shop/server.js`");
  const body = code
    .replace(/^import .*\n/gm, "")
    .replace("/srv/shop/server.mjs", isRenamed ? "/srv/shop/server.js" : "$&");
  const isWrapped = textUntilBlock(after).includes("async function around");
  return `${lines.join("\n")}\n${isWrapped ? `(async () => {\n${body}})();\n` : body}`;
}

/** The lines of a page above and below a block, without the indentation of a list. */
function around({ line, inside, indent }: Block, page: string): { before: string; after: string } {
  const lines = page.split("\n");
  const dedented = lines
    .slice(inside[1] + 1)
    .map((text) => text.slice(Math.min(indent, text.search(/\S|$/))));
  return { before: lines.slice(0, line - 1).join("\n"), after: dedented.join("\n") };
}

/**
 * The blocks of a page that a reader can run unchanged: they use a package of ours. Each is returned twice,
 * as an ES module and in CommonJS. Blocks from a file are left out, because a test runs that file.
 *
 * @param page its path in the repository, or the absolute path of a page in a copy of it
 */
export function snippetsOf(page: string): Snippet[] {
  const markdown = readFileSync(resolve(root, page), "utf8");
  return blocksOf(page, markdown)
    .filter(({ language, code }) => (language === "js" || language === "ts") && importsOurs(code))
    .filter((block) => noteOf(block, "from") === undefined && noteOf(block, "not run") === undefined)
    .flatMap((block, index) => {
      const { before, after } = around(block, markdown);
      const { language, code } = block;
      const [, file = "snippet.mjs"] = /Save this as `([\w.-]+)`/.exec(before.split("```").at(-1)!) ?? [];
      const title = `${page}, snippet ${index + 1}`;
      const isEsmOnly = noteOf(block, "ESM only") !== undefined;
      const commonJs = isEsmOnly ? undefined : inCommonJS(code, after);
      return [
        { title, language, file, code, isEsmOnly },
        {
          title: `${title}, CommonJS`,
          language: "js",
          file: file.replace(/\.\w+$/, ".js"),
          code: commonJs ?? "",
          isEsmOnly,
        },
      ];
    });
}

/**
 * The packages that the first install command of a page installs.
 *
 * @param page its path in the repository
 */
export function namesToInstall(page: string): string[] {
  const command = /^npm install (.+)$/m.exec(readFileSync(resolve(root, page), "utf8"));
  if (command === null) throw new Error(`${page} has no line that begins with "npm install".`);
  return (command[1] as string).split(" ");
}
