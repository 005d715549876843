import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../header.ts";
import { mayHave, parseRecord } from "../manifest.ts";
import { type Place, serviceFolder, stateFolder } from "../places.ts";
import {
  contentOf,
  inFolder,
  inFolderOf,
  inNewFolder,
  inNewFolderOf,
  type SafeFolder,
} from "../safe-folder.ts";
import type { FolderKind } from "../service-paths.ts";
import type { UnitsBefore } from "../units.ts";

/** A file to write, or to remove if it has no content. `path` includes the root folder. */
export interface FileChange {
  path: string;
  content: string | Buffer | undefined;
  mode: number;
}

/** The new file and a hard link to the old one, both in the folder of the file. */
interface Entry {
  path: string;
  /** The temporary name of the new file. */
  staged: string | undefined;
  /** A hard link to the old file, which can be restored without free disk space. */
  kept: string | undefined;
  /** The hash of the new content. */
  sha256: string | undefined;
}

/** The folders and files that systemd creates when it starts the units. */
export interface Absent {
  /** The kinds of folders of the service. */
  folders: FolderKind[];
  /** Unix socket files and their folders, from the innermost one on. */
  paths: string[];
}

interface Journal {
  format: 1;
  entries: Entry[];
  before: UnitsBefore;
  absent?: Absent;
}

/** Exists during a change. A call that finds it undoes the change. */
const PENDING = "pending.json";
/** Exists after a change until the old files are removed. */
const COMMITTED = "committed.json";

/**
 * An atomic change of several files.
 *
 * At every moment, each file is either the old or the new version. A journal of the change lists what to
 * undo. It is on the disk before the first file changes.
 */
export class Change {
  readonly #place: Place;
  readonly #name: string;
  readonly #journal: Journal;

  private constructor(place: Place, name: string, journal: Journal) {
    this.#place = place;
    this.#name = name;
    this.#journal = journal;
  }

  get name(): string {
    return this.#name;
  }

  get paths(): string[] {
    return this.#journal.entries.map(({ path }) => path);
  }

  get before(): UnitsBefore {
    return this.#journal.before;
  }

  get absent(): Absent {
    return this.#journal.absent ?? { folders: [], paths: [] };
  }

  /**
   * Writes the journal, and the new contents next to all files. If the disk is full, this step fails before
   * anything changes.
   */
  static begin(
    place: Place,
    name: string,
    files: readonly FileChange[],
    before: UnitsBefore,
    absent?: Absent,
  ): Change {
    const token = randomBytes(6).toString("hex");
    const entries = files.map(({ path, content }, index): Entry => {
      const exists = inFolderOf(path, (folder, file) => folder.stat(file) !== undefined) ?? false;
      const temporary = `.sockact-${token}-${index}`;
      return {
        path,
        staged: content === undefined ? undefined : `${temporary}.new`,
        kept: exists ? `${temporary}.old` : undefined,
        sha256: content === undefined ? undefined : sha256(content),
      };
    });
    const change = new Change(place, name, { format: 1, entries, before, ...(absent && { absent }) });
    try {
      change.#inOwnFolder((folder) => {
        const temporary = `.sockact-${token}.new`;
        folder.writeNew(temporary, `${JSON.stringify(change.#journal, null, 2)}\n`, 0o600);
        folder.rename(temporary, PENDING);
        folder.sync();
      });
    } catch (error) {
      removeEmptyFolders(place, name);
      throw error;
    }
    try {
      for (const [index, { path, staged }] of entries.entries()) {
        const { content, mode } = files[index]!;
        if (content !== undefined) inNewFolderOf(path, (folder) => folder.writeNew(staged!, content, mode));
      }
    } catch (error) {
      // No file has been replaced yet.
      change.revertFiles();
      change.forget();
      throw error;
    }
    return change;
  }

  /** The change that an earlier call did not finish, or undefined. */
  static pending(place: Place, name: string): Change | undefined {
    return Change.#read(place, name, PENDING);
  }

  /** Whether a change is in progress, or was not finished by an earlier call. */
  static isBegun(place: Place, name: string): boolean {
    return existsSync(join(serviceFolder(place, name), PENDING));
  }

  static #read(place: Place, name: string, file: string): Change | undefined {
    const path = join(serviceFolder(place, name), file);
    const content = contentOf(path);
    if (content === undefined) return undefined;
    const check = (value: unknown) => checked(value, place, name);
    return new Change(place, name, parseRecord(path, content, "Look at the file, and move it away.", check));
  }

  /** The content of a file after this change is undone. */
  contentBefore(path: string): Buffer | undefined {
    const entry = this.#journal.entries.find((each) => each.path === path);
    return inFolderOf(path, (folder, file) => {
      if (entry?.kept !== undefined) return folder.read(entry.kept) ?? folder.read(file);
      return entry !== undefined && isNew(folder, file, entry) ? undefined : folder.read(file);
    });
  }

  /** Replaces the old files by the new ones, one after the other. */
  *write(): Generator<{ path: string; isRemoved: boolean }> {
    for (const { path, staged, kept } of this.#journal.entries) {
      inNewFolderOf(path, (folder, file) => {
        if (kept !== undefined) folder.link(file, kept);
        if (staged === undefined) folder.remove(file);
        else folder.rename(staged, file);
        folder.sync();
      });
      yield { path, isRemoved: staged === undefined };
    }
  }

  /** Restores the old files. Can be called at any time, and repeatedly. */
  revertFiles(): void {
    for (const entry of this.#journal.entries.toReversed()) {
      inFolderOf(entry.path, (folder, file) => {
        if (entry.kept === undefined) {
          if (isNew(folder, file, entry)) folder.remove(file);
        } else if (folder.stat(entry.kept) !== undefined) {
          folder.rename(entry.kept, file);
          // rename(2) does nothing if both are names of one file, as before the new file replaces the old
          // one.
          folder.remove(entry.kept);
        }
        if (entry.staged !== undefined) folder.remove(entry.staged);
        folder.sync();
      });
    }
  }

  /** Makes the change final. */
  commit(): void {
    this.#inOwnFolder((folder) => {
      // This needs no free space.
      folder.rename(PENDING, COMMITTED);
      folder.sync();
    });
    this.#clean();
  }

  /** Ends a change that was undone. */
  forget(): void {
    this.#inOwnFolder((folder) => {
      folder.remove(PENDING);
      folder.sync();
    });
    removeEmptyFolders(this.#place, this.#name);
  }

  /** Cleans up after a call that was killed after its change was final, or before it began. */
  static clean(place: Place, name: string): void {
    const committed = Change.#read(place, name, COMMITTED);
    if (committed) committed.#clean();
    inFolder(serviceFolder(place, name), (folder) => {
      for (const file of folder.list()) if (/^\.sockact-[0-9a-f]+\.new$/.test(file)) folder.remove(file);
    });
  }

  #clean(): void {
    for (const { path, kept } of this.#journal.entries) {
      if (kept !== undefined) inFolderOf(path, (folder) => folder.remove(kept));
    }
    this.#inOwnFolder((folder) => folder.remove(COMMITTED));
  }

  #inOwnFolder(action: (folder: SafeFolder) => void): void {
    inNewFolder(serviceFolder(this.#place, this.#name), action);
  }
}

/** Removes the folders of a service if they are empty, and the parent folders after the last service. */
export function removeEmptyFolders(place: Place, name: string): void {
  const own = serviceFolder(place, name);
  for (const path of [join(own, "files"), join(own, "backup"), own, stateFolder(place)])
    inFolderOf(path, (folder, file) => folder.removeFolder(file));
}

/** Whether this change wrote the file. sockact must not remove any other file. */
function isNew(folder: SafeFolder, file: string, entry: Entry): boolean {
  const content = folder.read(file);
  return content !== undefined && sha256(content) === entry.sha256;
}

/**
 * Throws if the journal lists files that an installation of this service can't have, because these files will
 * be replaced.
 */
function checked(value: unknown, place: Place, name: string): Journal {
  const journal = value as Partial<Journal> | null;
  if (journal?.format !== 1 || !Array.isArray(journal.entries) || journal.before === undefined)
    throw new Error("it is incomplete");
  for (const { path, staged, kept } of journal.entries) {
    if (!path.startsWith(place.root) || !mayHave(place, name, join("/", path.slice(place.root.length))))
      throw new Error(`it lists ${JSON.stringify(path)}`);
    for (const file of [staged, kept]) {
      if (file !== undefined && !/^\.sockact-[0-9a-f]+-\d+\.(?:new|old)$/.test(file))
        throw new Error(`it lists ${JSON.stringify(file)}`);
    }
  }
  for (const path of journal.absent?.paths ?? [])
    if (typeof path !== "string" || path !== join(path) || !path.startsWith(join(place.root, "/")))
      throw new Error(`it lists ${JSON.stringify(path)}`);
  return journal as Journal;
}
