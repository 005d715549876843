import { statSync } from "node:fs";
import { type Place, serviceFolder } from "./places.ts";
import { SafeFolder } from "./safe-folder.ts";

const RECORD = "folders.json";

/** A folder with data, as it was left. */
interface Kept {
  path: string;
  /** By these, a folder that somebody makes later is another one. */
  device: number;
  inode: number;
}

/** The folders with data that an uninstallation of this name has left, and that are still the same. The next installation of this name may have them. */
export function keptFolders(place: Place, name: string): string[] {
  const folder = SafeFolder.open(serviceFolder(place, name));
  try {
    const kept = JSON.parse(folder?.read(RECORD)?.toString() ?? "[]") as Kept[];
    return kept.filter(isSame).map(({ path }) => path);
  } catch {
    // Without the record, the folders are asked about.
    return [];
  } finally {
    folder?.close();
  }
}

/** Records these folders, in place of earlier ones. */
export function keepFolders(place: Place, name: string, paths: readonly string[]): void {
  const kept = paths.map((path): Kept => {
    const { dev: device, ino: inode } = statSync(path);
    return { path, device, inode };
  });
  const folder = SafeFolder.make(serviceFolder(place, name));
  try {
    folder.remove(RECORD);
    if (kept.length > 0) folder.writeNew(RECORD, `${JSON.stringify(kept)}\n`, 0o644);
    folder.sync();
  } finally {
    folder.close();
  }
}

function isSame({ path, device, inode }: Kept): boolean {
  const { dev, ino } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return dev === device && ino === inode;
}
