import { lstatSync, type Stats } from "node:fs";
import { dirname, resolve } from "node:path";
import { liesIn } from "../shared/folders.ts";
import { shellWord } from "../shared/shell-words.ts";
import type { StartCommand } from "./start-script.ts";

/** The files of variables in a start script. */
export interface EnvironmentFiles {
  /** Absolute paths that systemd may read for the app. */
  accepted: string[];
  /** Files that a unit must not use only because package.json names them, and how to name them explicitly. */
  refused: { path: string; message: string; hint: string }[];
  notes: string[];
}

/**
 * systemd reads files of variables as root, but anyone may have written the start script. So only a file of
 * the app is accepted: a regular file below the app's folder, without symbolic links in its path, of the
 * folder's owner or root.
 *
 * @param folder the package's folder, a real path
 */
export function environmentFilesOf(
  folder: string,
  named: StartCommand["environmentFiles"],
): EnvironmentFiles {
  const found: EnvironmentFiles = { accepted: [], refused: [], notes: [] };
  for (const { file, tool } of named) {
    const path = resolve(folder, file);
    const why = whyRefused(folder, path);
    if (why === "missing") continue;
    if (why === undefined) {
      found.accepted.push(path);
      found.notes.push(
        `${tool} gives the app the variables of ${file}. In the service, systemd reads that file.`,
      );
      continue;
    }
    const refused = {
      path,
      message: `the start script reads variables from ${file}, and ${why}: systemd would read it as root`,
      hint: `If the app may have what is in it: --environment-file ${shellWord(path)}`,
    };
    found.refused.push(refused);
    found.notes.push(`systemd does not read ${file}, which ${tool} reads: ${why}.`);
  }
  return found;
}

function whyRefused(folder: string, path: string): string | undefined {
  if (!liesIn(folder, path)) return "it is outside the app's folder";
  // systemd.exec(5): EnvironmentFile= accepts a pattern.
  if (/[*?[\]\\]/.test(path)) return "systemd reads its name as a pattern";
  let at = path;
  for (; at !== folder; at = dirname(at)) {
    const stats = lstatSync(at, { throwIfNoEntry: false });
    if (stats === undefined) return "missing";
    if (stats.isSymbolicLink()) return `${at} is a symbolic link`;
    if (at === path && !stats.isFile()) return "it is not a regular file";
    if (at === path && !isOfFolder(stats, folder)) return "it belongs to another user than the app's folder";
  }
  return undefined;
}

/** A file of root with several hard links may be another file. */
function isOfFolder({ uid, nlink }: Stats, folder: string): boolean {
  return uid === 0 ? nlink === 1 : uid === lstatSync(folder).uid;
}
