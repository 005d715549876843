import { serviceFolder, type Place } from "./places.ts";
import { SafeFolder } from "./safe-folder.ts";

const RECORD = "folders.json";

/** The folders with data that an uninstallation of this name has left. The next installation of this name may have them again. */
export function keptFolders(place: Place, name: string): string[] {
  const folder = SafeFolder.open(serviceFolder(place, name));
  try {
    const paths: unknown = JSON.parse(folder?.read(RECORD)?.toString() ?? "[]");
    return Array.isArray(paths) ? paths.filter((path) => typeof path === "string") : [];
  } catch {
    // Without the record, the folders are asked about.
    return [];
  } finally {
    folder?.close();
  }
}

/** Records these folders, in place of earlier ones. */
export function keepFolders(place: Place, name: string, paths: readonly string[]): void {
  const folder = SafeFolder.make(serviceFolder(place, name));
  try {
    folder.remove(RECORD);
    if (paths.length > 0) folder.writeNew(RECORD, `${JSON.stringify(paths)}\n`, 0o644);
    folder.sync();
  } finally {
    folder.close();
  }
}
