import type { Stats } from "node:fs";

/** The IDs of a user, for comparison with file modes. */
export interface Account {
  uid: number;
  groups: readonly number[];
}

/** A user without files and groups, as with DynamicUser=. */
export const stranger: Account = { uid: -1, groups: [] };

/** Whether the mode of a file or folder gives a user these bits: 4 to read, 1 to execute or enter. */
export function isPermitted({ uid, groups }: Account, wanted: number, status: Stats): boolean {
  // Root may read and enter everything, and execute what anyone may execute.
  if (uid === 0) return (wanted & 1) === 0 || status.isDirectory() || (status.mode & 0o111) !== 0;
  const shift = uid === status.uid ? 6 : groups.includes(status.gid) ? 3 : 0;
  return ((status.mode >> shift) & wanted) === wanted;
}
