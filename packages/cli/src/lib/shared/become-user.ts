import process from "node:process";

/** A user that a process of root becomes. */
export interface TargetUser {
  name: string;
  uid: number;
  gid: number;
}

/** Drops root privileges permanently, and sets the groups of the user. */
export function becomeUser({ name, uid, gid }: TargetUser): void {
  // Node's types lack it.
  (process as unknown as { initgroups(user: string, group: number): void }).initgroups(name, gid);
  process.setgid!(gid);
  process.setuid!(uid);
  if (process.getuid!() !== uid || process.geteuid!() !== uid || process.getegid!() !== gid)
    throw new Error(`can't become user ${name}`);
}
