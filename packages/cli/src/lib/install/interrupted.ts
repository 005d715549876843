import { statSync } from "node:fs";
import process from "node:process";
import { read } from "../shared/proc.ts";
import { sha256 } from "./header.ts";
import { type Place, unitFolder } from "./places.ts";
import { Change } from "./undo/change.ts";

/** The file that root locks during a call for this name. */
export const rootsLock = ({ user, root }: Place, name: string): string =>
  `/run/sockact-install-${sha256(JSON.stringify([user, root, name])).slice(0, 16)}.lock`;

/**
 * Whether a `sockact install` of this name was killed and its changes still exist. The next call undoes them.
 */
export function isInterrupted(place: Place, name: string): boolean {
  const isOwn = place.user && process.getuid!() !== 0;
  const lock = isOwn ? unitFolder(place, "") : rootsLock(place, name);
  // The call may end between these checks.
  return Change.isBegun(place, name) && !isLocked(lock) && Change.isBegun(place, name);
}

/** Whether a process has the lock. Users other than the owner of the file can check this too. */
function isLocked(path: string): boolean {
  const inode = statSync(path, { throwIfNoEntry: false })?.ino;
  // Not the device number, which some file systems show differently here.
  return read("/proc/locks")
    .split("\n")
    .some((line) => line.includes(" FLOCK ") && line.endsWith(`:${inode} 0 EOF`));
}
