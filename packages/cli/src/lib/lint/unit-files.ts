import { type Dirent, lstatSync } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { CliError } from "../shared/cli-error.ts";
import { invoker } from "../shared/invoker.ts";
import { readBytes } from "../shared/read-file.ts";
import { foreignLinkOwner } from "../shared/trusted-path.ts";
import type { UnreadFile } from "./report/report.ts";

/** A unit file or drop-in that was read. */
export interface UnitFileText {
  /** Its path, as the user would write it. */
  readonly path: string;
  readonly text: string;
  /**
   * If false, the string has half of a surrogate pair for each invalid byte. The linter rejects these, as
   * systemd rejects the bytes.
   */
  readonly isUtf8: boolean;
  /**
   * Whether the user named the file or its folder. The others were added because they belong to one of these.
   */
  readonly isAsked: boolean;
}

/** The files on the command line. */
export interface UnitFiles {
  readonly files: readonly UnitFileText[];
  readonly unread: readonly UnreadFile[];
}

const isUnit = (name: string): boolean => /\.(?:service|socket)$/.test(name);
/** A drop-in folder of one unit, of all units with a prefix, or of a type. */
const isDropInFolder = (name: string): boolean => /(?:^|\.)(?:service|socket)\.d$/.test(name);
/** The links in this folder are from systemctl enable. */
const isLinkFolder = (name: string): boolean => /\.(?:wants|requires|upholds)$/.test(name);

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** Reads bytes as UTF-8. */
function decode(bytes: Uint8Array): Pick<UnitFileText, "text" | "isUtf8"> {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes), isUtf8: true };
  } catch {
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    return { text: text.replaceAll("\uFFFD", "\uDC80"), isUtf8: false };
  }
}

/**
 * Finds and reads the unit files in these paths. It searches folders, and adds files that belong to a named
 * file.
 */
class Search {
  readonly #files = new Map<string, UnitFileText>();
  readonly #unread = new Map<string, UnreadFile>();

  async add(path: string): Promise<void> {
    const found = await stat(path).catch((error: unknown) => {
      throw new CliError(
        "SOCKACT_ERR_LINT_FILE",
        codeOf(error) === "ENOENT" ? `${path} does not exist` : `can't read ${path}: ${codeOf(error)}`,
        "Name unit files, or folders with unit files.",
        { cause: error },
      );
    });
    if (found.isDirectory()) return this.#searchFolder(path, true);
    await this.#read(path, true);
    await this.addSiblings(path);
  }

  /** Reads what systemd would read together with a file. */
  async addSiblings(path: string): Promise<void> {
    const folder = dirname(path);
    await this.#searchFolder(isDropInFolder(basename(folder)) ? dirname(folder) : folder, false);
  }

  result(): UnitFiles {
    // Sorted by name, with each unit before its drop-ins.
    const files = [...this.#files.values()].toSorted((one, other) => (one.path < other.path ? -1 : 1));
    return { files, unread: [...this.#unread.values()] };
  }

  /**
   * Searches a folder, and optionally its subfolders. It does not follow links to folders, which may be
   * circular.
   */
  async #searchFolder(folder: string, isAsked: boolean): Promise<void> {
    const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
      this.#failed(folder, error, isAsked);
      return [] as Dirent[];
    });
    const isDropIns = isDropInFolder(basename(folder));
    for (const entry of entries) {
      const { name } = entry;
      const path = join(folder, name);
      if (entry.isDirectory()) {
        const isSkipped = name === "node_modules" || name === ".git" || isLinkFolder(name);
        if (isAsked ? !isSkipped : isDropInFolder(name)) await this.#searchFolder(path, isAsked);
      } else if ((isDropIns || isUnit(name)) && (entry.isFile() || entry.isSymbolicLink()))
        await this.#read(path, isAsked);
    }
  }

  async #read(path: string, isAsked: boolean): Promise<void> {
    const key = join(path);
    if (this.#files.get(key)?.isAsked || (this.#files.has(key) && !isAsked)) return;
    try {
      const isLink = lstatSync(path).isSymbolicLink();
      if (isLink && process.getuid?.() === 0) {
        const owner = foreignLinkOwner(path, await invoker());
        if (owner !== undefined)
          throw new Error(
            `it is a symbolic link of user ${owner}, and root does not follow it. Name the file that it points to`,
          );
      }
      const found = await stat(path);
      // A link to /dev/null masks the unit: systemd treats it as an empty file.
      const isMask = found.isCharacterDevice() && (await realpath(path)) === "/dev/null";
      if (!found.isFile() && !isMask) {
        // A search skips links to folders.
        if (!found.isDirectory()) throw new Error("it is not a file");
        return;
      }
      const bytes = isMask ? new Uint8Array() : readBytes(path, { isLink });
      this.#files.set(key, { path: key, ...decode(bytes), isAsked });
    } catch (error) {
      this.#failed(path, error, isAsked);
    }
  }

  #failed(file: string, error: unknown, isAsked: boolean): void {
    // A file that was removed meanwhile, or a broken link.
    if (!isAsked || codeOf(error) === "ENOENT") return;
    const code = codeOf(error);
    const message = code === "EACCES" ? "you may not read it" : (code ?? (error as Error).message);
    this.#unread.set(file, { file, message });
  }
}

/**
 * Reads the unit files that these paths name, and those in folders.
 *
 * @param given the content of a file, which need not exist
 * @throws `CliError` with `SOCKACT_ERR_LINT_FILE` if a path does not exist
 */
export async function readUnitFiles(
  paths: readonly string[],
  given?: { path: string; bytes: Uint8Array },
): Promise<UnitFiles> {
  const search = new Search();
  for (const path of paths) await search.add(path);
  if (given === undefined) return search.result();
  await search.addSiblings(given.path);
  const { files, unread } = search.result();
  const path = join(given.path);
  const file = { path, ...decode(given.bytes), isAsked: true };
  return { files: [...files.filter((other) => other.path !== path), file], unread };
}
