import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Place, stateFolder } from "./places.ts";
import { inFolderOf, SafeFolder } from "./safe-folder.ts";

/**
 * The file that takes a service out of a load balancer. While it exists, sockact in the app, and the health socket, answer probes with 503 `drained`.
 * All instances of a template have the same file.
 */
function fileOf(place: Place, name: string): string {
  return join(stateFolder(place), "drained", name.replace(/@.*$/s, ""));
}

export const isDrained = (place: Place, name: string): boolean => existsSync(fileOf(place, name));

/** Creates the file. Returns whether it did not exist. Throws a `CliError` if it can't be written. */
export function setDrained(place: Place, name: string): boolean {
  if (isDrained(place, name)) return false;
  const path = fileOf(place, name);
  const folder = SafeFolder.make(join(path, ".."));
  try {
    folder.writeNew(path.slice(folder.path.length + 1), "", 0o644);
    folder.sync();
  } finally {
    folder.close();
  }
  return true;
}

/** Removes the file, and the folders that are empty then. Returns whether it existed. Throws a `CliError` if it can't be removed. */
export function unsetDrained(place: Place, name: string): boolean {
  if (!isDrained(place, name)) return false;
  const path = fileOf(place, name);
  inFolderOf(path, (folder, file) => {
    folder.remove(file);
    folder.sync();
  });
  for (const empty of [join(path, ".."), stateFolder(place)])
    inFolderOf(empty, (folder, file) => folder.removeFolder(file));
  return true;
}
