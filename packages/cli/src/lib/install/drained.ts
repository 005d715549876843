import { existsSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { CliError } from "../shared/cli-error.ts";
import { type Place, stateFolder } from "./places.ts";
import { inFolderOf, inNewFolder, pathError } from "./safe-folder.ts";

/**
 * The file that takes a service out of rotation. While it exists, sockact in the app and the health socket
 * answer probes with 503 `drained`. All instances of a template share a file.
 */
function fileOf(place: Place, name: string): string {
  return join(stateFolder(place), "drained", name.replace(/@.*$/s, ""));
}

export const isDrained = (place: Place, name: string): boolean => existsSync(fileOf(place, name));

/**
 * Creates the file. Returns whether it is new. Throws a `CliError` if it can't be written, or if the service
 * could not see it.
 */
export function setDrained(place: Place, name: string): boolean {
  const path = fileOf(place, name);
  return inNewFolder(dirname(path), (folder) => {
    if (!place.user) checkOpen(dirname(path));
    const file = basename(path);
    const found = folder.stat(file);
    if (found?.isFile()) return false;
    if (found) throw notOurs(path);
    folder.writeNew(file, "", 0o644);
    folder.sync();
    return true;
  });
}

/**
 * Removes the file and its empty parent folders. Returns whether it existed. Throws a `CliError` if it can't
 * be removed.
 */
export function unsetDrained(place: Place, name: string): boolean {
  const path = fileOf(place, name);
  const wasThere = inFolderOf(path, (folder, file) => {
    const found = folder.stat(file);
    if (found?.isDirectory()) throw notOurs(path);
    folder.remove(file);
    folder.sync();
    return found !== undefined;
  });
  if (!wasThere) return false;
  for (const empty of [dirname(path), stateFolder(place)])
    inFolderOf(empty, (folder, file) => folder.removeFolder(file));
  return true;
}

/** A service with its own user can't enter a closed folder, so it would not see the file. */
function checkOpen(folder: string): void {
  if (folder === "/") return;
  checkOpen(dirname(folder));
  if ((statSync(folder).mode & 0o001) !== 0) return;
  throw pathError(
    `${folder} is closed to other users, so the service could not see that it is drained`,
    `Open it: chmod 755 ${folder}`,
  );
}

function notOurs(path: string): CliError {
  return pathError(`${path} is not a file`, `Check its type with ls -l, and remove it: rm -r ${path}`);
}
