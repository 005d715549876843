import { liesIn } from "../../shared/folders.ts";
import { stepsTo } from "../../shared/path-steps.ts";
import { type Account, isPermitted } from "../../shared/permissions.ts";

/** The first file or folder on the way to a path that this user may not read or enter. */
export interface Barrier {
  path: string;
  /** As `ls -l` prints it: `drwx------`. */
  mode: string;
  uid: number;
  /** Whether it does not exist at all. */
  isMissing: boolean;
}

/** The mode as `ls -l` prints it. */
function modeText(mode: number): string {
  const kind = (mode & 0o170000) === 0o040000 ? "d" : "-";
  const bits = "rwxrwxrwx".split("").map((letter, index) => ((mode >> (8 - index)) & 1 ? letter : "-"));
  return kind + bits.join("");
}

/**
 * What keeps a user from a file or folder, by the modes of it and of each folder above it. Access control
 * lists are not looked at: ask `probe()` where systemd runs.
 *
 * @param bound files and folders that the service sees in the place of the real ones, so that what is above
 * them does not count
 */
export async function barrierTo(
  path: string,
  account: Account,
  wanted = 4,
  bound: readonly string[] = [],
): Promise<Barrier | undefined> {
  const steps = await stepsTo(path);
  for (const { path: at, towards, status, error } of steps) {
    if (status === undefined) {
      if (error?.code === "EACCES") throw error;
      return { path: at, mode: "", uid: -1, isMissing: true };
    }
    const needed = status.isDirectory() ? (at === towards ? 5 : 1) : wanted;
    const isAbove = bound.some((folder) => folder !== at && liesIn(at, folder) && liesIn(folder, towards));
    if (!isAbove && !isPermitted(account, needed, status))
      return { path: at, mode: modeText(status.mode), uid: status.uid, isMissing: false };
  }
  return undefined;
}
