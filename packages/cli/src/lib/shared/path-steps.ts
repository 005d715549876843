import type { Stats } from "node:fs";
import { lstat, readlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

/** A folder in a path, or the file itself. */
export interface PathStep {
  path: string;
  /** The path that contains it: the requested one, or the target of a symbolic link. */
  towards: string;
  /** `undefined` if it can't be read, for the reason in `error`. */
  status: Stats | undefined;
  error?: NodeJS.ErrnoException;
}

/** The number of symbolic links that Linux follows. */
const MOST_LINKS = 40;

/**
 * The steps from the root to a file, including symbolic links. They end at the first one that is missing or
 * unreadable.
 */
export async function stepsTo(path: string): Promise<PathStep[]> {
  const steps: PathStep[] = [];
  let towards = resolve(path);
  for (let links = 0; links <= MOST_LINKS;) {
    const parts = towards.split("/").filter(Boolean);
    let target: string | undefined;
    for (let length = 0; length <= parts.length; length += 1) {
      const at = `/${parts.slice(0, length).join("/")}`;
      try {
        const status = await lstat(at);
        if (status.isSymbolicLink()) {
          target = join(resolve(dirname(at), await readlink(at)), ...parts.slice(length));
          break;
        }
        steps.push({ path: at, towards, status });
      } catch (error) {
        return [...steps, { path: at, towards, status: undefined, error: error as NodeJS.ErrnoException }];
      }
    }
    if (target === undefined) return steps;
    towards = target;
    links += 1;
  }
  const error = Object.assign(new Error(`too many symbolic links: ${path}`), { code: "ELOOP" });
  return [...steps, { path: towards, towards, status: undefined, error }];
}
