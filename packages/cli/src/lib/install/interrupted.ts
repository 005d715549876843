import { statSync } from "node:fs";
import process from "node:process";
import { read } from "../shared/proc.ts";
import { sha256 } from "./header.ts";
import { type Place, unitFolder } from "./places.ts";
import { Change } from "./undo/change.ts";

/** The file that root locks while a call for this name runs. */
export const rootsLock = ({ user, root }: Place, name: string): string =>
  `/run/sockact-install-${sha256(JSON.stringify([user, root, name])).slice(0, 16)}.lock`;

/**
 * Whether a `sockact install` of this name was killed, and its changes are still there. The next call undoes
 * them.
 */
export function isInterrupted(place: Place, name: string): boolean {
  const isOwn = place.user && process.getuid!() !== 0;
  const lock = isOwn ? unitFolder(place, "") : rootsLock(place, name);
  // It may end between two of these questions.
  return Change.isBegun(place, name) && !isLocked(lock) && Change.isBegun(place, name);
}

/** Whether a process holds the lock. Another user than the owner of the file may ask too. */
function isLocked(path: string): boolean {
  const inode = statSync(path, { throwIfNoEntry: false })?.ino;
  // Not the number of the device: some file systems show another one here.
  return read("/proc/locks")
    .split("\n")
    .some((line) => line.includes(" FLOCK ") && line.endsWith(`:${inode} 0 EOF`));
}
