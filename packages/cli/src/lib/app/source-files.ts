import { existsSync, realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { readTextFile } from "../shared/read-file.ts";

/** A file of the app, without its comments. */
export interface SourceFile {
  path: string;
  text: string;
  /** What it imports, as it is written there. */
  imports: string[];
}

/** More than an app has. Another user may have written the files, so that the search takes long. */
const MOST_FILES = 300;
const MOST_BYTES = 2_000_000;
const MOST_BYTES_OF_ALL = 10_000_000;
/** Of one file. */
const MOST_IMPORTS = 1_000;

/**
 * The entry and the files of the app that it imports, the entry first. The code is searched and not parsed: a
 * parser would need the grammar of TypeScript, and what is found is a proposal that the user sees.
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

/** The file that a relative import means, to Node or to TypeScript, which names the later `.js`. */
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
 * The file that a command runs, by the words of `exec`: its last one that is the path of a file, because
 * Node's own options come first.
 */
export function entryOf(exec: readonly unknown[]): string | undefined {
  const words = exec.slice(1).filter((word) => typeof word === "string");
  return words.findLast((word) => word.startsWith("/") && isFile(word));
}

/**
 * Takes comments away, and leaves strings as they are: `//` is in each URL. The limit keeps the search short
 * in a file without end quotes, and so does the first alternative in one with an escaped quote after the
 * other.
 */
function withoutComments(text: string): string {
  return text.replace(
    /(\\[^]|"(?:\\.|[^"\\\n]){0,500}"|'(?:\\.|[^'\\\n]){0,500}'|`(?:\\.|[^`\\]){0,500}`)|\/\*(?:[^]*?\*\/|[^]*)|(^|[^:\\])\/\/[^\n]*/g,
    (_, string: string | undefined, before: string | undefined) => string ?? before ?? " ",
  );
}
