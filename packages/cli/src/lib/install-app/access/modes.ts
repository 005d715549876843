import { liesIn } from "../../shared/folders.ts";
import { stepsTo } from "../../shared/path-steps.ts";
import { type Account, isPermitted } from "../../shared/permissions.ts";

/** The first file or folder in a path that this user may not read or enter. */
export interface Barrier {
  path: string;
  /** As `ls -l` prints it: `drwx------`. */
  mode: string;
  uid: number;
  /** Whether it does not exist. */
  isMissing: boolean;
}

/** The mode as `ls -l` prints it. */
function modeText(mode: number): string {
  const kind = (mode & 0o170000) === 0o040000 ? "d" : "-";
  const bits = "rwxrwxrwx".split("").map((letter, index) => ((mode >> (8 - index)) & 1 ? letter : "-"));
  return kind + bits.join("");
}

/**
 * What prevents a user from accessing a path, by the modes of the path and its parents. Ignores access
 * control lists: use `probe()` where systemd runs.
 *
 * @param bound bind-mounted files and folders of the service, whose parents do not matter
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
