import { isInHome, isOfSystem } from "./folders.ts";
import { stepsTo } from "./path-steps.ts";
import { type Account, isPermitted } from "./permissions.ts";
import { shellWord } from "./shell-words.ts";
import { findUser } from "./users.ts";

/** A file or folder that a user may not write to. */
export interface Unwritable {
  path: string;
  /** The name of its owner, or the ID of an owner without a name. */
  owner: string;
}

/**
 * The file or folder that a user may not write to, by its mode. For a file that does not exist, it is the
 * folder that would contain it. `undefined` if the user may write, or if the path can't be seen.
 */
export async function unwritableIn(path: string, account: Account): Promise<Unwritable | undefined> {
  const steps = await stepsTo(path);
  if (steps.at(-1)?.error?.code === "EACCES") return undefined;
  const found = steps.findLast(({ status }) => status !== undefined);
  if (found?.status === undefined || isPermitted(account, found.status.isDirectory() ? 3 : 2, found.status))
    return undefined;
  const { uid } = found.status;
  const owner = (await findUser(uid).catch(() => undefined))?.name ?? String(uid);
  return { path: found.path, owner };
}

/** What is wrong with it, as a clause. */
export const unwritableText = ({ path, owner }: Unwritable, user: string): string =>
  owner === user
    ? `${path} belongs to ${user}, but its mode does not let ${user} write to it`
    : `${path} belongs to ${owner}, not to ${user}`;

/** The command that lets the user write to it. */
export const chownCommand = ({ path, owner }: Unwritable, user: string, isRecursive: boolean): string => {
  const options = isRecursive ? "-R " : "";
  return owner === user
    ? `chmod ${options}u+rwX ${shellWord(path)}`
    : `chown ${options}${shellWord(user)} ${shellWord(path)}`;
};

/** What is wrong with a folder that a service is meant to write to, and the command that corrects it. */
export function unwritableHint(closed: Unwritable, user: string): string {
  const text = unwritableText(closed, user);
  // A service must not own a folder of the system, or a person's home directory.
  if (isOfSystem(closed.path) || isInHome(closed.path)) return `${text}.`;
  return `${text}: sudo ${chownCommand(closed, user, true)}`;
}
