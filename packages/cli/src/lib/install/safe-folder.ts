import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  type Stats,
  unlinkSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { writeError } from "./write-error.ts";

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** Larger than any unit file or preload. */
const LARGEST_FILE = 16 * 1024 * 1024;

/**
 * An open folder. Its files are accessed through its descriptor, so no user can replace the folder meanwhile.
 *
 * Node has no openat(2), but `/proc/self/fd/N/name` has the same effect: the kernel starts at the open
 * folder, wherever its path leads now.
 */
export class SafeFolder {
  readonly path: string;
  readonly #fd: number;

  private constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  /**
   * Opens a folder step by step from `/`. Throws for a symlink in the path, and for a folder in which another
   * user could replace something.
   *
   * @returns undefined if the folder does not exist
   */
  static open(path: string): SafeFolder | undefined {
    return SafeFolder.#walk(path, false);
  }

  /** Like {@link open}, but creates missing folders. */
  static make(path: string): SafeFolder {
    return SafeFolder.#walk(path, true)!;
  }

  static #walk(path: string, create: boolean): SafeFolder | undefined {
    let folder = new SafeFolder("/", openSync("/", O_RDONLY | O_DIRECTORY));
    for (const name of path.split("/").filter((part) => part !== "")) {
      const above = folder;
      try {
        const next = above.#enter(name, create);
        if (next === undefined) return undefined;
        folder = next;
      } finally {
        above.close();
      }
    }
    return folder;
  }

  #enter(name: string, create: boolean): SafeFolder | undefined {
    const path = join(this.path, name);
    let fd: number;
    try {
      fd = this.#openFolder(name);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" && !create) return undefined;
      if (code === "ENOTDIR" || code === "ELOOP") throw notAFolder(path, this.stat(name)?.isSymbolicLink());
      if (code !== "ENOENT") throw writeError(path, error);
      this.#unless(["EEXIST"], path, () => {
        mkdirSync(this.#at(name), 0o755);
        // Services read files below it, whatever root's umask is.
        if (process.getuid!() === 0) chmodSync(this.#at(name), 0o755);
      });
      this.sync();
      fd = this.#openFolder(name);
    }
    const folder = new SafeFolder(path, fd);
    try {
      checkOwner(path, fstatSync(fd));
    } catch (error) {
      folder.close();
      throw error;
    }
    return folder;
  }

  #openFolder(name: string): number {
    return openSync(this.#at(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  }

  /** The file of this name, without following a symlink. */
  stat(name: string): Stats | undefined {
    return lstatSync(this.#at(name), { throwIfNoEntry: false });
  }

  list(): string[] {
    return readdirSync(this.#at("."));
  }

  /** The content of a regular file, or undefined if it does not exist. Throws for any other kind of file. */
  read(name: string): Buffer | undefined {
    const path = join(this.path, name);
    let fd: number;
    try {
      // open() would block on a FIFO.
      fd = openSync(this.#at(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") return undefined;
      if (code === "ELOOP") throw symlink(path);
      throw writeError(path, error);
    }
    try {
      const stats = fstatSync(fd);
      if (!stats.isFile())
        throw pathError(`${path} is not a regular file`, "Check its type with ls -l, and remove it.");
      if (stats.size > LARGEST_FILE)
        throw pathError(`${path} has ${stats.size} bytes`, "Check its type with ls -l, and remove it.");
      return readFileSync(fd);
    } finally {
      closeSync(fd);
    }
  }

  /** Writes a new file, and waits until it is on the disk. */
  writeNew(name: string, content: string | Buffer, mode: number, owner?: Pick<Stats, "uid" | "gid">): void {
    this.#change(join(this.path, name), () => {
      const fd = openSync(this.#at(name), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
      try {
        let rest = Buffer.from(content);
        while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
        // Not the mode of open(), which depends on the umask.
        if (owner) fchownSync(fd, owner.uid, owner.gid);
        fchmodSync(fd, mode);
        fsyncSync(fd);
      } catch (error) {
        unlinkSync(this.#at(name));
        throw error;
      } finally {
        closeSync(fd);
      }
    });
  }

  /** Creates a hard link to a file. */
  link(from: string, to: string): void {
    this.#change(join(this.path, to), () => linkSync(this.#at(from), this.#at(to)));
  }

  rename(from: string, to: string): void {
    this.#change(join(this.path, to), () => renameSync(this.#at(from), this.#at(to)));
  }

  /** Removes a file, if it exists. */
  remove(name: string): void {
    // In a read-only folder, rm would fail although there is nothing to remove.
    if (this.stat(name) === undefined) return;
    this.#unless(["ENOENT"], join(this.path, name), () => unlinkSync(this.#at(name)));
  }

  /** Removes a folder if it exists, is empty, and is not a mount point. */
  removeFolder(name: string): void {
    const allowed = ["ENOENT", "ENOTEMPTY", "EEXIST", "EBUSY", "EROFS"];
    this.#unless(allowed, join(this.path, name), () => rmdirSync(this.#at(name)));
  }

  /** Waits until the names in the folder are on the disk. */
  sync(): void {
    this.#change(this.path, () => fsyncSync(this.#fd));
  }

  close(): void {
    closeSync(this.#fd);
  }

  #at(name: string): string {
    return `/proc/self/fd/${this.#fd}/${name}`;
  }

  /** Like {@link #change}, but ignores these errors. */
  #unless(codes: readonly string[], path: string, action: () => void): void {
    this.#change(path, () => {
      try {
        action();
      } catch (error) {
        if (!codes.includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
      }
    });
  }

  #change(path: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      throw writeError(path, error);
    }
  }
}

/** Calls a function with an open folder; undefined if the folder does not exist. */
export function inFolder<Result>(path: string, action: (folder: SafeFolder) => Result): Result | undefined {
  const folder = SafeFolder.open(path);
  return folder && closing(folder, action);
}

/** Like {@link inFolder}, but creates missing folders. */
export function inNewFolder<Result>(path: string, action: (folder: SafeFolder) => Result): Result {
  return closing(SafeFolder.make(path), action);
}

function closing<Result>(folder: SafeFolder, action: (folder: SafeFolder) => Result): Result {
  try {
    return action(folder);
  } finally {
    folder.close();
  }
}

/** Calls a function with the folder of a file; undefined if that does not exist. */
export function inFolderOf<Result>(
  path: string,
  action: (folder: SafeFolder, file: string) => Result,
): Result | undefined {
  return inFolder(dirname(path), (folder) => action(folder, basename(path)));
}

/** Like {@link inFolderOf}, but creates missing folders. */
export function inNewFolderOf(path: string, action: (folder: SafeFolder, file: string) => void): void {
  inNewFolder(dirname(path), (folder) => action(folder, basename(path)));
}

/** The content of a file, read by {@link SafeFolder.read}. */
export const contentOf = (path: string): Buffer | undefined =>
  inFolderOf(path, (folder, file) => folder.read(file));

/** The drop-in folder of a unit file, if it exists. systemd follows a symlink in its place. */
export function dropInFolderOf(path: string): string | undefined {
  const stats = inFolderOf(path, (folder, file) => folder.stat(`${file}.d`));
  return stats?.isDirectory() || stats?.isSymbolicLink() ? `${path}.d` : undefined;
}

/** Throws unless a folder belongs to this user or root, and no other user may write to it. */
function checkOwner(path: string, { uid, gid, mode }: Stats): void {
  const me = process.getuid!();
  const isTrusted = (user: number) => user === 0 || user === me;
  if (!isTrusted(uid)) {
    throw pathError(
      `${path} belongs to user ${uid}, who could replace the files in it`,
      `Run sockact as that user, or use a folder of ${me === 0 ? "root" : "yours"}.`,
    );
  }
  // In a folder such as /tmp, other users can't replace files that they do not own.
  const isSticky = (mode & 0o1000) !== 0;
  // With an access control list, these bits apply to everyone on the list, whatever the group is.
  const byGroup = (mode & 0o020) !== 0 && (me === 0 || gid !== process.getgid!());
  if (!isSticky && (byGroup || (mode & 0o002) !== 0)) {
    throw pathError(
      `${path} can be written by other users`,
      `Take their write permission away: chmod go-w ${path}`,
    );
  }
}

function notAFolder(path: string, isSymlink: boolean | undefined): CliError {
  return isSymlink
    ? symlink(path)
    : pathError(`${path} is not a folder`, "Check its type with ls -l, and move it away.");
}

function symlink(path: string): CliError {
  return pathError(
    `${path} is a symlink, and sockact does not follow symlinks when it writes`,
    "To see where it leads: namei -l. Then remove it, or name the real folder.",
  );
}

/** The error for a path that sockact does not write to. */
export function pathError(message: string, hint: string): CliError {
  return new CliError("SOCKACT_ERR_INSTALL_PATH", message, hint, { exitCode: EXIT.failed });
}
