import { existsSync, realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { readTextFile } from "../shared/read-file.ts";

/** A file of the app, without its comments. */
export interface SourceFile {
  path: string;
  text: string;
  /** Its import specifiers. */
  imports: string[];
}

/** More than an app has. Another user may have written the files to slow the search down. */
const MOST_FILES = 300;
const MOST_BYTES = 2_000_000;
const MOST_BYTES_OF_ALL = 10_000_000;
/** Imports per file. */
const MOST_IMPORTS = 1_000;

/**
 * The entry and the app's files that it imports, the entry first. The code is searched, not parsed: parsing
 * would need a TypeScript parser, and the user sees the result as a proposal.
 */
export function sourceFiles(entry: string): SourceFile[] {
  const files = new Map<string, SourceFile>();
  const queue = [entry];
  let left = MOST_BYTES_OF_ALL;
  for (let path = queue.shift(); path !== undefined && files.size < MOST_FILES; path = queue.shift()) {
    if (files.has(path) || path.includes("/node_modules/")) continue;
    const { size } = statSync(path);
    if (size > Math.min(left, MOST_BYTES)) continue;
    left -= size;
    const text = withoutComments(readTextFile(path));
    const imports = [
      ...text.matchAll(/(?:\bfrom\s*|\bimport\s*(?:\(\s*)?|\brequire\s*\(\s*)["']([^"'\n]+)["']/g),
    ].map(([, name]) => name!);
    files.set(path, { path, text, imports });
    const folder = dirname(path);
    const local = new Set(imports.filter((name) => /^\.\.?(?:\/|$)/.test(name)));
    queue.push(...[...local].slice(0, MOST_IMPORTS).flatMap((name) => resolveLocal(folder, name) ?? []));
  }
  return [...files.values()];
}

const EXTENSIONS = ["", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx", ".json"];

/** The file of a relative import, in Node or in TypeScript, which uses the suffix of the output, `.js`. */
export function resolveLocal(folder: string, name: string): string | undefined {
  const base = resolve(folder, name);
  const typed = base.replace(/\.([mc]?)js$/, ".$1ts");
  const candidates = [base, typed, base.replace(/\.jsx?$/, ".tsx")].flatMap((path) =>
    EXTENSIONS.map((extension) => path + extension),
  );
  const indexes = EXTENSIONS.slice(1).map((extension) => resolve(base, `index${extension}`));
  const found = [...candidates, ...indexes].find((path) => isFile(path));
  return found === undefined || (!/\.[mc]?[jt]sx?$/.test(found) && found !== base)
    ? undefined
    : realpathSync(found);
}

export function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

/**
 * The file that a command runs: the last word of `exec` that is a file, because Node's options come first.
 */
export function entryOf(exec: readonly unknown[]): string | undefined {
  const words = exec.slice(1).filter((word) => typeof word === "string");
  return words.findLast((word) => word.startsWith("/") && isFile(word));
}

/**
 * Removes comments, but keeps strings: every URL has `//`. The limit, and the first alternative, keep the
 * search fast in files with unbalanced or escaped quotes.
 */
function withoutComments(text: string): string {
  return text.replace(
    /(\\[^]|"(?:\\.|[^"\\\n]){0,500}"|'(?:\\.|[^'\\\n]){0,500}'|`(?:\\.|[^`\\]){0,500}`)|\/\*(?:[^]*?\*\/|[^]*)|(^|[^:\\])\/\/[^\n]*/g,
    (_, string: string | undefined, before: string | undefined) => string ?? before ?? " ",
  );
}
