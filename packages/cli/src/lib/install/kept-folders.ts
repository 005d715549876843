import { statSync } from "node:fs";
import { join } from "node:path";
import type { Author } from "./manifest.ts";
import { type Place, serviceFolder } from "./places.ts";
import { contentOf, inNewFolder } from "./safe-folder.ts";
import type { FolderKind } from "./service-paths.ts";

const RECORD = "folders.json";

/** A kind of folder that is kept when a service stops. */
export type DataKind = Exclude<FolderKind, "runtime">;

/** A folder with data that systemd created for a service. */
export interface KeptFolder {
  kind: DataKind;
  path: string;
}

/** The recorded state of such a folder. */
interface Recorded {
  /** Missing in records of earlier versions. */
  kind?: DataKind;
  path: string;
  /** These distinguish it from a folder that is created later. */
  device: number;
  inode: number;
  /** The user who owned the app. */
  author?: number | undefined;
}

/**
 * The folders with data that an uninstallation or update of this name left behind, if they are unchanged. The
 * next installation of this name by the same user may use them.
 */
export function keptFolders(place: Place, name: string, author: Author | undefined): KeptFolder[] {
  try {
    const content = contentOf(join(serviceFolder(place, name), RECORD))?.toString() ?? "[]";
    const isOthers = ({ author: uid }: Recorded) =>
      uid !== undefined && author !== undefined && uid !== author.uid;
    const kept = (JSON.parse(content) as Recorded[]).filter((one) => isSame(one) && !isOthers(one));
    return kept.map(({ kind = "state", path }) => ({ kind, path }));
  } catch {
    // Without the record, the user is asked about the folders.
    return [];
  }
}

/** Records these folders, instead of earlier ones. */
export function keepFolders(
  place: Place,
  name: string,
  folders: readonly KeptFolder[],
  author: Author | undefined,
): void {
  const kept = folders.map(({ kind, path }): Recorded => {
    const { dev: device, ino: inode } = statSync(path);
    return { kind, path, device, inode, author: author?.uid };
  });
  inNewFolder(serviceFolder(place, name), (folder) => {
    folder.remove(RECORD);
    if (kept.length > 0) folder.writeNew(RECORD, `${JSON.stringify(kept)}\n`, 0o644);
    folder.sync();
  });
}

function isSame({ path, device, inode }: Recorded): boolean {
  const { dev, ino } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return dev === device && ino === inode;
}
