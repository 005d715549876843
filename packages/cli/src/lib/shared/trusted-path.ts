import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { dirname, resolve } from "node:path";
import { execute } from "./execute.ts";
import type { Invoker } from "./invoker.ts";

/** Something that lets another user change the target of a path. */
export interface Distrust {
  path: string;
  why: string;
  /** The command that fixes it. */
  fix: string;
  /**
   * Whether the owner is the reason. A folder in the path may be a home directory, which must keep its owner.
   */
  isOwner?: boolean;
}

/** The longest chain of symbolic links that Linux follows. */
const MOST_LINKS = 40;

/**
 * Checks a file, its parent folders, and the symbolic links in its path. Returns the first one that someone
 * other than root and the invoker owns or may write. The result stays true: no other user can change a safe
 * path afterwards.
 */
export async function distrustOf(file: string, invoker: Invoker): Promise<Distrust | undefined> {
  return firstDistrust(file, invoker, await privateGroup(invoker));
}

/** The same, if only root is trusted. */
export const distrustOfRoot = (file: string): Distrust | undefined =>
  firstDistrust(file, { uid: 0, name: "root" }, 0);

/**
 * The owner of the first symbolic link in this path that someone other than root and the invoker created.
 * Root would follow it to a file that its owner may not read.
 */
export function foreignLinkOwner(path: string, { uid }: Pick<Invoker, "uid">): number | undefined {
  let at = resolve(path);
  for (let links = 0; links < MOST_LINKS; links += 1) {
    const stats = lstatSync(at, { throwIfNoEntry: false });
    if (!stats?.isSymbolicLink()) return undefined;
    if (stats.uid !== 0 && stats.uid !== uid) return stats.uid;
    at = resolve(dirname(at), readlinkSync(at));
  }
  return undefined;
}

/** The trusted user. */
type Trusted = Pick<Invoker, "uid" | "name">;

function firstDistrust(file: string, trusted: Trusted, ownGroup: number | undefined): Distrust | undefined {
  const visit = (path: string, links: number): Distrust | undefined => {
    const parent = dirname(path);
    const above = parent === path ? undefined : visit(parent, links);
    if (above !== undefined) return above;
    const stats = lstatSync(path);
    const distrust = distrustOfEntry(path, stats, trusted, ownGroup);
    if (distrust !== undefined || !stats.isSymbolicLink()) return distrust;
    if (links === 0) return { path, why: "it is a symbolic link that leads to itself", fix: `rm ${path}` };
    return visit(resolve(parent, readlinkSync(path)), links - 1);
  };
  return visit(resolve(file), MOST_LINKS);
}

function distrustOfEntry(
  path: string,
  stats: Stats,
  { uid, name }: Trusted,
  ownGroup: number | undefined,
): Distrust | undefined {
  if (stats.uid !== 0 && stats.uid !== uid)
    return {
      path,
      why: `user ${stats.uid} owns it, and not ${[...new Set(["root", name])].join(" or ")}`,
      fix: uid === 0 ? `chown root ${path}` : `chown ${name} ${path}`,
      isOwner: true,
    };
  // For a symbolic link, only its owner and folder matter. In a sticky folder such as /tmp, only the owner of
  // a file can replace it.
  if (stats.isSymbolicLink() || (stats.isDirectory() && (stats.mode & 0o1000) !== 0)) return undefined;
  if ((stats.mode & 0o002) !== 0) return { path, why: "every user may write it", fix: `chmod o-w ${path}` };
  // With an access control list, these bits apply to everyone on the list, whatever the group is.
  if ((stats.mode & 0o020) !== 0 && (stats.gid !== ownGroup || ownGroup === 0))
    return { path, why: `its group ${stats.gid} may write it`, fix: `chmod g-w ${path}` };
  return undefined;
}

/**
 * The invoker's group, if it has no other member. Many systems have such a group for each user, and a umask
 * that lets the group write.
 */
async function privateGroup({ uid, gid, name }: Invoker): Promise<number | undefined> {
  if (uid === 0) return 0;
  const { stdout } = await execute("getent", ["group", String(gid)]).catch(() => ({ stdout: "" }));
  const [groupName, , , members = ""] = stdout.trim().split(":");
  return groupName === name && (members === "" || members === name) ? gid : undefined;
}
