import { execute } from "./execute.ts";

/** A user of this machine. */
export interface User {
  name: string;
  uid: number;
  /** The user's groups by their numbers, the own one first. */
  groups: number[];
  home: string;
}

/** Finds a user by name or number in the user database; `undefined` if there is none. */
export async function findUser(nameOrNumber: string | number): Promise<User | undefined> {
  const { code, stdout } = await execute("getent", ["passwd", "--", String(nameOrNumber)]);
  const [name = "", , uid = "", , , home = "/"] = stdout.trim().split(":");
  if (code !== 0 || name === "") return undefined;
  const groups = await execute("id", ["-G", "--", name]);
  return { name, uid: Number(uid), groups: groups.stdout.split(/\s+/).filter(Boolean).map(Number), home };
}
