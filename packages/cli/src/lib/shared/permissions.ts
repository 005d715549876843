import type { Stats } from "node:fs";

/** A user, as the modes of files see it. */
export interface Account {
  uid: number;
  groups: readonly number[];
}

/** A user that owns no files and is in no group, like a user of DynamicUser=. */
export const stranger: Account = { uid: -1, groups: [] };

/** Whether the mode of a file or folder lets a user have these bits: 4 to read, 1 to execute or to enter. */
export function isPermitted({ uid, groups }: Account, wanted: number, status: Stats): boolean {
  // Root may read and enter everything, and execute what anybody may execute.
  if (uid === 0) return (wanted & 1) === 0 || status.isDirectory() || (status.mode & 0o111) !== 0;
  const shift = uid === status.uid ? 6 : groups.includes(status.gid) ? 3 : 0;
  return ((status.mode >> shift) & wanted) === wanted;
}
