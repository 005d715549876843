import { existsSync, lstatSync, realpathSync } from "node:fs";
import { dirname, isAbsolute } from "node:path";
import process from "node:process";

/** The usual folders of system programs, if PATH has no trusted folder. */
const USUAL = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * These variables, with a PATH that is safe for system programs. npx puts the app's `node_modules/.bin`
 * first, where a package could have a program called `systemctl`. For root, folders that another user may
 * change are removed too.
 */
export function systemEnvironment(variables: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const folders = (variables["PATH"] ?? USUAL).split(":").filter((folder) => isTrusted(folder));
  return { ...variables, PATH: folders.join(":") || USUAL };
}

function isTrusted(folder: string): boolean {
  if (!isAbsolute(folder) || /\/node_modules(?:\/|$)/.test(folder)) return false;
  if (process.getuid?.() !== 0) return true;
  return isOfRoot(folder, false) && (!existsSync(folder) || isOfRoot(realpathSync(folder), false));
}

/**
 * Whether only root may change what is at a path. In a parent folder with the sticky bit, other users can't
 * replace root's files.
 */
function isOfRoot(path: string, isSticky: boolean): boolean {
  const status = lstatSync(path, { throwIfNoEntry: false });
  // Another user may create it later.
  if (status === undefined) return isOfRoot(dirname(path), false);
  const { uid, gid, mode } = status;
  const isOpen = (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== 0);
  const isGuarded = status.isSymbolicLink() || (isSticky && (mode & 0o1000) !== 0);
  if (uid !== 0 || (isOpen && !isGuarded)) return false;
  return path === "/" || isOfRoot(dirname(path), true);
}
