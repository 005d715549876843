import { statSync } from "node:fs";
import { basename, relative, resolve, sep } from "node:path";
import process from "node:process";
import { CliError } from "../shared/cli-error.ts";
import { warn } from "../shared/messages.ts";
import { isOwnOutput } from "./own-output.ts";

/** One command of an editor or of git changes many files. It is over when nothing has changed for so long, in milliseconds. */
const QUIET_MS = 100;

/** But when files change all the time, the wait is no longer than this, in milliseconds. */
const LONGEST_MS = 1000;

/** Files that editors and programs write beside the code: of Vim, Emacs, JetBrains and Kate, logs, and what Node and npm write. */
const TEMPORARY =
  /(?:~|\.sw[a-z]|\.tmp|\.log|\.pid|\.lock|\.heapsnapshot|\.cpuprofile|___jb_(?:old|tmp)___|\.kate-swp)$|^(?:#.*#|4913)$/;

/**
 * Refuses to watch what is not there.
 *
 * @param separatorHint tells where `--` may be missing
 */
export function checkWatched(paths: readonly string[], separatorHint: string | undefined): void {
  const absent = paths.find((path) => statSync(path, { throwIfNoEntry: false }) === undefined);
  if (absent !== undefined)
    throw new CliError(
      "ERR_RUN_WATCH",
      `can't watch ${absent}: there is no such file or folder`,
      separatorHint ?? `Check the path: it starts at the current folder, ${process.cwd()}.`,
    );
}

/** Watches files for changes. */
export class Edits {
  readonly #changed = new Set<string>();
  #isSettled = false;
  #quiet: NodeJS.Timeout | undefined;
  #longest: NodeJS.Timeout | undefined;
  #next: Promise<void> | undefined;
  #settle: (() => void) | undefined;

  /** Starts to watch. `ready` is called once every folder is watched. */
  static async start(
    paths: readonly string[],
    ignored: readonly string[],
    ready: () => void,
  ): Promise<Edits> {
    const roots = [...new Set(paths.map((path) => resolve(path)))];
    const left = ignored.map((path) => resolve(path));
    const edits = new Edits();
    // Only those who watch pay for loading it.
    const { watch } = await import("chokidar");
    const watcher = watch(roots, {
      ignoreInitial: true,
      ignored: (path, stats) =>
        isIgnored(path, roots, left) || (stats !== undefined && !stats.isFile() && !stats.isDirectory()),
    });
    watcher.on("all", (event, path) => {
      if (["add", "change", "unlink"].includes(event) && !isOwnOutput(path)) edits.#add(path);
    });
    watcher.on("ready", ready);
    const said = new Set<string>();
    watcher.on("error", (error) => {
      const text = describeWatchError(error as NodeJS.ErrnoException);
      // The kernel refuses each folder anew.
      if (!said.has(text)) warn(text);
      said.add(text);
    });
    return edits;
  }

  /** Fulfils when files have changed, and nothing has for a moment. Fulfils at once when that was before the call, and neither `take` nor `forget` was called since. */
  next(): Promise<void> {
    if (this.#isSettled) return Promise.resolve();
    this.#next ??= new Promise((settle) => (this.#settle = settle));
    return this.#next;
  }

  /** The files that have changed, relative to the current folder. They are then forgotten. */
  take(): string[] {
    const files = [...this.#changed].map((path) => relative(process.cwd(), path));
    this.forget();
    return files;
  }

  /** What has changed so far needs no restart, since the command starts now. */
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

/** The names are those of the files inside of what is watched: what the user has named is watched, whatever its name. */
function isIgnored(path: string, roots: readonly string[], left: readonly string[]): boolean {
  if (left.some((each) => path === each || path.startsWith(each + sep))) return true;
  const root =
    roots.find((each) => path === each || path.startsWith(each.endsWith(sep) ? each : each + sep)) ?? "";
  const names = relative(root, path).split(sep).filter(Boolean);
  if (names.length === 0) return false;
  return (
    names.some((name) => name === "node_modules" || (name.startsWith(".") && !name.startsWith(".env"))) ||
    TEMPORARY.test(basename(path))
  );
}

function describeWatchError({ code, message }: NodeJS.ErrnoException): string {
  if (code === "ENOSPC" || code === "EMFILE")
    return `can't watch all files, so some edits will not restart the command (${code}).\nName the folders of your code: --watch src. Or let the kernel watch more: sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=1024`;
  return `can't watch some files: ${message}`;
}
