import { execute } from "./execute.ts";
import { shellWord } from "./shell-words.ts";

/** The command that creates a user for a service. */
export const createUserCommand = (name: string): string =>
  `useradd --system --shell /usr/sbin/nologin ${shellWord(name)}`;

export interface User {
  name: string;
  uid: number;
  /** The IDs of the user's groups, the primary group first. */
  groups: number[];
  home: string;
}

/** Finds a user by name or ID in the user database, or returns `undefined`. */
export async function findUser(nameOrNumber: string | number): Promise<User | undefined> {
  const { code, stdout } = await execute("getent", ["passwd", "--", String(nameOrNumber)]);
  const [name = "", , uid = "", , , home = "/"] = stdout.trim().split(":");
  if (code !== 0 || name === "") return undefined;
  const groups = await execute("id", ["-G", "--", name]);
  return { name, uid: Number(uid), groups: groups.stdout.split(/\s+/).filter(Boolean).map(Number), home };
}
