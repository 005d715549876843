import { type Dirent, existsSync, readdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { liesIn } from "../shared/folders.ts";

/** The folders of an app's files. */
export interface AppFolders {
  /**
   * The folders with all files of the app: its own, and those of packages elsewhere, as in a monorepo or a
   * shared store. None contains another.
   */
  roots: string[];
  /** The `node_modules` folders in which Node looks for its packages. */
  packages: string[];
}

/** The most packages and folder entries to look at. */
const [MOST_PACKAGES, MOST_ENTRIES] = [5_000, 500_000];

/**
 * Finds the folders that an app reads when it runs.
 *
 * @param folder the package's root, a real path
 * @param entry the file that Node runs, a real path
 */
export function appFolders(folder: string, entry: string): AppFolders {
  const packages: string[] = [];
  for (let at = dirname(entry); ; at = dirname(at)) {
    const modules = join(at, "node_modules");
    if (at !== "/" && existsSync(modules)) packages.push(modules);
    if (at === dirname(at)) break;
  }
  const roots: string[] = [];
  const add = (path: string) => {
    if (roots.some((root) => liesIn(root, path))) return;
    for (const inner of roots.filter((root) => liesIn(path, root))) roots.splice(roots.indexOf(inner), 1);
    roots.push(path);
  };
  add(folder);
  if (!liesIn(folder, entry)) add(dirname(entry));
  const waiting = packages.map(resolved).filter((path) => path !== undefined);
  for (const path of waiting) add(path);
  const seen = new Set(waiting);
  let left = MOST_PACKAGES;
  let entriesLeft = MOST_ENTRIES;
  for (const modules of waiting) {
    const entries = entriesIn(modules);
    if ((entriesLeft -= entries.length) < 0) return { roots, packages };
    for (const target of entries.flatMap(targetOf)) {
      if ((left -= 1) < 0) return { roots, packages };
      add(target);
      // A package in a store finds its packages beside itself, and a package of a workspace in itself.
      const beside = /^.*\/node_modules(?=\/)/.exec(target)?.[0] ?? join(target, "node_modules");
      if (!existsSync(beside) || seen.has(beside)) continue;
      seen.add(beside);
      add(beside);
      waiting.push(beside);
    }
  }
  return { roots, packages };
}

function resolved(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    // A broken link, as npm leaves for an optional package.
    return undefined;
  }
}

/** The packages in a folder `node_modules`. */
function entriesIn(modules: string): Dirent[] {
  return readdirSync(modules, { withFileTypes: true }).flatMap((entry) =>
    entry.name.startsWith("@") && entry.isDirectory()
      ? readdirSync(join(modules, entry.name), { withFileTypes: true })
      : [entry],
  );
}

/** The target of a package that is a link. */
function targetOf(entry: Dirent): string[] {
  if (!entry.isSymbolicLink() || entry.name.startsWith(".")) return [];
  const target = resolved(join(entry.parentPath, entry.name));
  return target === undefined ? [] : [target];
}
