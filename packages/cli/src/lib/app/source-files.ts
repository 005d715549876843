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

const MOST_FILES = 300;
const MOST_BYTES = 2_000_000;

/**
 * The entry and the files of the app that it imports, the entry first. The code is searched and not parsed: a parser would need the grammar
 * of TypeScript, and what is found is a proposal that the user sees.
 */
export function sourceFiles(entry: string): SourceFile[] {
  const files = new Map<string, SourceFile>();
  const queue = [entry];
  for (let path = queue.shift(); path !== undefined && files.size < MOST_FILES; path = queue.shift()) {
    if (files.has(path) || path.includes("/node_modules/") || statSync(path).size > MOST_BYTES) continue;
    const text = withoutComments(readTextFile(path));
    const imports = [
      ...text.matchAll(/(?:\bfrom\s*|\bimport\s*(?:\(\s*)?|\brequire\s*\(\s*)["']([^"'\n]+)["']/g),
    ].map(([, name]) => name!);
    files.set(path, { path, text, imports });
    const folder = dirname(path);
    queue.push(
      ...imports
        .filter((name) => /^\.\.?(?:\/|$)/.test(name))
        .flatMap((name) => resolveLocal(folder, name) ?? []),
    );
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

/** Takes comments away, and leaves strings as they are: `//` is in each URL. The limit keeps the search short in a file without end quotes. */
function withoutComments(text: string): string {
  return text.replace(
    /("(?:\\.|[^"\\\n]){0,500}"|'(?:\\.|[^'\\\n]){0,500}'|`(?:\\.|[^`\\]){0,500}`)|\/\*(?:[^]*?\*\/|[^]*)|(^|[^:\\])\/\/[^\n]*/g,
    (_, string: string | undefined, before: string | undefined) => string ?? before ?? " ",
  );
}
