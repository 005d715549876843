import { statSync } from "node:fs";
import { join } from "node:path";
import type { Author } from "./manifest.ts";
import { type Place, serviceFolder } from "./places.ts";
import { contentOf, inNewFolder } from "./safe-folder.ts";

const RECORD = "folders.json";

/** A folder with data, as it was left. */
interface Kept {
  path: string;
  /** By these, a folder that somebody makes later is another one. */
  device: number;
  inode: number;
  /** The user whose app it was. */
  author?: number | undefined;
}

/**
 * The folders with data that an uninstallation of this name has left, and that are still the same. The next
 * installation of this name may have them, if it is of the same user.
 */
export function keptFolders(place: Place, name: string, author: Author | undefined): string[] {
  try {
    const content = contentOf(join(serviceFolder(place, name), RECORD))?.toString() ?? "[]";
    const isOthers = ({ author: uid }: Kept) =>
      uid !== undefined && author !== undefined && uid !== author.uid;
    const kept = (JSON.parse(content) as Kept[]).filter((one) => isSame(one) && !isOthers(one));
    return kept.map(({ path }) => path);
  } catch {
    // Without the record, the folders are asked about.
    return [];
  }
}

/** Records these folders, in place of earlier ones. */
export function keepFolders(
  place: Place,
  name: string,
  paths: readonly string[],
  author: Author | undefined,
): void {
  const kept = paths.map((path): Kept => {
    const { dev: device, ino: inode } = statSync(path);
    return { path, device, inode, author: author?.uid };
  });
  inNewFolder(serviceFolder(place, name), (folder) => {
    folder.remove(RECORD);
    if (kept.length > 0) folder.writeNew(RECORD, `${JSON.stringify(kept)}\n`, 0o644);
    folder.sync();
  });
}

function isSame({ path, device, inode }: Kept): boolean {
  const { dev, ino } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return dev === device && ino === inode;
}
