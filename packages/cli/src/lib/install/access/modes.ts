import { lstat, readlink, realpath } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { liesIn } from "../../shared/folders.ts";

/** Whose access is looked at. */
export interface Account {
  uid: number;
  groups: readonly number[];
}

/** A user that owns nothing and is in no group, as that of DynamicUser= is. */
export const stranger: Account = { uid: -1, groups: [] };

/** The first file or folder on the way to a path that this user may not read or enter. */
export interface Barrier {
  path: string;
  /** As `ls -l` prints it: `drwx------`. */
  mode: string;
  uid: number;
  /** Whether it does not exist at all. */
  isMissing: boolean;
}

function may(
  account: Account,
  wanted: number,
  { uid, gid, mode }: { uid: number; gid: number; mode: number },
): boolean {
  if (account.uid === 0) return true;
  const shift = account.uid === uid ? 6 : account.groups.includes(gid) ? 3 : 0;
  return ((mode >> shift) & wanted) === wanted;
}

/** The mode as `ls -l` prints it. */
function modeText(mode: number): string {
  const kind = (mode & 0o170000) === 0o040000 ? "d" : "-";
  const bits = "rwxrwxrwx".split("").map((letter, index) => ((mode >> (8 - index)) & 1 ? letter : "-"));
  return kind + bits.join("");
}

/**
 * What keeps a user from a file or folder, by the modes of it and of each folder above it. Access control lists are not looked at: ask
 * `probe()` where systemd runs.
 *
 * @param bound files and folders that the service sees in the place of the real ones, so that what is above them does not count
 */
export async function barrierTo(
  path: string,
  account: Account,
  wanted = 4,
  bound: readonly string[] = [],
): Promise<Barrier | undefined> {
  const parts = resolve(path).split("/").slice(1);
  let at = "/";
  for (let index = 0; index <= parts.length; index += 1) {
    const isLast = index === parts.length;
    let status;
    try {
      status = await lstat(at);
      if (status.isSymbolicLink()) {
        const target = resolve(dirname(at), await readlink(at));
        return await barrierTo(join(target, ...parts.slice(index)), account, wanted, bound);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      return { path: at, mode: "", uid: -1, isMissing: true };
    }
    const needed = status.isDirectory() ? (isLast ? 5 : 1) : wanted;
    const isAbove = bound.some((folder) => folder !== at && liesIn(at, folder) && liesIn(folder, path));
    if (!isAbove && !may(account, needed, status))
      return { path: at, mode: modeText(status.mode), uid: status.uid, isMissing: false };
    if (!isLast) at = join(at, parts[index] as string);
  }
  return undefined;
}

/** The first folder on the way to a path, or the path itself, in which anybody may replace files; not those with the sticky bit, such as /tmp. */
export async function openToAll(path: string): Promise<string | undefined> {
  let at = await realpath(path).catch(() => resolve(path));
  for (;;) {
    const { mode } = await lstat(at);
    if ((mode & 0o002) !== 0 && (mode & 0o1000) === 0) return at;
    if (at === "/" || process.platform === "win32") return undefined;
    at = dirname(at);
  }
}
