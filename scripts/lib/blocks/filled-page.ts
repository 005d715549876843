import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type FormatConfig, format } from "oxfmt";
import { excerptOf } from "./excerpt.ts";
import { type Block, blocksOf, noteOf, placeOf } from "./page-blocks.ts";

/** The languages whose blocks `oxfmt` formats inside a page. */
const formatted: readonly string[] = ["js", "ts", "json", "yaml"];

/** The code that a block must show, formatted by `oxfmt` as in the page. */
async function shownIn(block: Block, source: string, root: string, options: FormatConfig): Promise<string> {
  const [path = "", region] = source.split("#");
  const file = join(root, path);
  if (!existsSync(file)) throw new Error(`${placeOf(block)}: the repository has no file ${path}`);
  let code: string;
  try {
    code = excerptOf(readFileSync(file, "utf8"), region);
  } catch (error) {
    throw new Error(`${placeOf(block)}: ${path}: ${(error as Error).message}`, { cause: error });
  }
  if (!formatted.includes(block.language)) return code;
  const result = await format(`block.${block.language}`, code, options);
  return result.errors.length > 0 ? code : result.code;
}

/**
 * A page with the code of each block that has a comment `<!-- from: PATH -->` or `<!-- from: PATH#REGION -->`
 * before it. The paths start in `root`, the folder of the repository. Throws an `Error` if a file or a region
 * does not exist.
 */
export async function filledPage(
  page: string,
  text: string,
  root: string,
  options: FormatConfig,
): Promise<string> {
  const lines = text.split("\n");
  for (const block of blocksOf(page, text).toReversed()) {
    const source = noteOf(block, "from");
    if (source === undefined) continue;
    const code = (await shownIn(block, source, root, options)).trimEnd().split("\n");
    // In a list, spaces. In a quote, the `>` of each line.
    const before = lines[block.line - 1]!.slice(0, block.indent).replaceAll(/[^>]/g, " ");
    const indented = code.map((line) => (line === "" ? before.trimEnd() : before + line));
    lines.splice(block.inside[0], block.inside[1] - block.inside[0], ...indented);
  }
  return lines.join("\n");
}
