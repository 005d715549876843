import { existsSync, realpathSync, statSync, watch as watchFolder, type Stats } from "node:fs";
import { basename, dirname, relative, resolve, sep } from "node:path";
import process from "node:process";
import type { FSWatcher } from "chokidar";
import { CliError } from "../shared/cli-error.ts";
import { warn } from "./messages.ts";
import { isOwnOutput } from "./own-output.ts";

/**
 * A command of an editor or git changes many files. It is done when nothing has changed for this time, in
 * milliseconds.
 */
const QUIET_MS = 100;

/** If files change continuously, the wait is limited to this, in milliseconds. */
const LONGEST_MS = 1000;

/** Temporary files: of Vim, Emacs, JetBrains and Kate, logs, and those of Node and npm. */
const TEMPORARY =
  /(?:~|\.sw[a-z]|\.tmp|\.log|\.pid|\.lock|\.heapsnapshot|\.cpuprofile|___jb_(?:old|tmp)___|\.kate-swp)$|^(?:#.*#|4913)$/;

/**
 * Throws if a path does not exist.
 *
 * @param separatorHint the hint if `--` may be missing
 */
export function checkWatched(paths: readonly string[], separatorHint: string | undefined): void {
  for (const path of paths)
    try {
      statSync(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new CliError(
        "SOCKACT_ERR_RUN_WATCH",
        code === "ENOENT" ? `can't watch ${path}: it does not exist` : `can't watch ${path}: ${code}`,
        separatorHint ??
          (code === "EACCES"
            ? "You may not read it. Watch another folder, or change its permissions."
            : `Check the path: it starts at the current folder, ${process.cwd()}.`),
      );
    }
}

/** Watches files for changes. */
export class Edits {
  readonly #changed = new Set<string>();
  #isSettled = false;
  #quiet: NodeJS.Timeout | undefined;
  #longest: NodeJS.Timeout | undefined;
  #next: Promise<void> | undefined;
  #settle: (() => void) | undefined;

  /** Starts to watch. `ready` is called when every folder is watched. */
  static async start(
    paths: readonly string[],
    ignored: readonly string[],
    ready: () => void,
  ): Promise<Edits> {
    const roots = [...new Set(paths.map((path) => resolve(path)))];
    const left = ignored.map((path) => resolve(path));
    const edits = new Edits();
    // Loaded only with --watch.
    const { watch } = await import("chokidar");
    const said = new Set<string>();
    // The kernel reports an error for each folder.
    const warnOnce = (error: unknown): void => {
      const text = describeWatchError(error as NodeJS.ErrnoException);
      if (!said.has(text)) warn(text);
      said.add(text);
    };
    const watchRoot = (root: string): Promise<FSWatcher> =>
      new Promise((isReady) => {
        const watcher = watch(root, {
          ignoreInitial: true,
          ignored: (path, stats) =>
            isIgnored(path, root, left) || (stats !== undefined && isUnwatchable(path, root, stats)),
        });
        watcher.on("all", (event, path) => {
          if (["add", "change", "unlink"].includes(event) && !isOwnOutput(path)) edits.#add(path);
        });
        watcher.on("error", warnOnce);
        watcher.on("ready", () => isReady(watcher));
      });
    void Promise.all(
      roots.map(async (root) => {
        let watching = watchRoot(root);
        followNewFolder(root, () => {
          const earlier = watching;
          watching = earlier.then((watcher) => watcher.close()).then(() => watchRoot(root));
          // Files that were written before their folder was watched.
          void watching.then(() => edits.#add(root));
        });
        await watching;
      }),
    ).then(ready);
    return edits;
  }

  /**
   * Resolves when files have changed and then nothing for a moment. Resolves at once if that happened before
   * the call and since the last `take` or `forget`.
   */
  next(): Promise<void> {
    if (this.#isSettled) return Promise.resolve();
    this.#next ??= new Promise((settle) => (this.#settle = settle));
    return this.#next;
  }

  /** Returns the changed files, relative to the current folder, and forgets them. */
  take(): string[] {
    const files = [...this.#changed].map((path) => relative(process.cwd(), path));
    this.forget();
    return files;
  }

  /** Forgets earlier changes, because the command starts now. */
  forget(): void {
    this.#changed.clear();
    this.#isSettled = false;
    clearTimeout(this.#quiet);
    clearTimeout(this.#longest);
    this.#longest = undefined;
  }

  #add(path: string): void {
    this.#changed.add(path);
    const settle = (): void => {
      clearTimeout(this.#quiet);
      clearTimeout(this.#longest);
      this.#longest = undefined;
      this.#isSettled = true;
      this.#next = undefined;
      this.#settle?.();
    };
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(settle, QUIET_MS);
    this.#longest ??= setTimeout(settle, LONGEST_MS);
  }
}

/**
 * Calls back when a watched folder was removed and created again, as in many builds. A watcher of the folder
 * sees only the removal, but one of its parent sees both.
 */
function followNewFolder(root: string, isNew: () => void): void {
  if (!statSync(root).isDirectory() || dirname(root) === root) return;
  try {
    watchFolder(dirname(root), (event, name) => {
      if (event === "rename" && name === basename(root) && existsSync(root)) isNew();
    }).on("error", () => {});
  } catch {
    // For an unreadable parent, only the content of the folder is watched, until it is removed.
  }
}

/** These names apply to files in a watched folder. A path that the user names is always watched. */
function isIgnored(path: string, root: string, left: readonly string[]): boolean {
  if (left.some((each) => path === each || path.startsWith(each + sep))) return true;
  const names = relative(root, path).split(sep).filter(Boolean);
  if (names.length === 0) return false;
  return (
    names.some((name) => name === "node_modules" || (name.startsWith(".") && !name.startsWith(".env"))) ||
    TEMPORARY.test(basename(path))
  );
}

/** A FIFO, for example, must not be opened. A link to a parent folder never ends. */
function isUnwatchable(path: string, root: string, stats: Stats): boolean {
  if (stats.isSymbolicLink()) return isCircle(path, root);
  return !stats.isFile() && !stats.isDirectory();
}

function isCircle(link: string, root: string): boolean {
  try {
    const target = realpathSync(link);
    for (let folder = dirname(link); ; folder = dirname(folder)) {
      if (target === sep || `${realpathSync(folder)}${sep}`.startsWith(target + sep)) return true;
      if (folder.length <= root.length) return false;
    }
  } catch {
    // A broken link.
    return true;
  }
}

function describeWatchError({ code, message }: NodeJS.ErrnoException): string {
  if (code === "ENOSPC" || code === "EMFILE")
    return `can't watch all files, so some edits will not restart the command (${code}).\nName the folders of your code: --watch src. Or let the kernel watch more: sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=1024`;
  return `can't watch some files: ${message}`;
}
