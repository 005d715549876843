import { lstat, readlink, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { isInHome, liesIn } from "../../shared/folders.ts";
import type { UnitProperties } from "./properties.ts";
import type { ServiceUser } from "./user.ts";

/** What keeps the service from a file. */
export type Obstacle =
  | { kind: "missing"; path: string }
  /** A folder that the user may not enter, or a file that the user may not read or execute. */
  | { kind: "closed"; path: string; mode: string; owner: number }
  /** The sandbox hides it: the directive. */
  | { kind: "hidden"; path: string; directive: string }
  /** You may not look. */
  | { kind: "unknown"; path: string };

/** Looks along the way to a file, symbolic links included. `undefined` if nothing is in the way. */
export async function obstacleTo(
  path: string,
  {
    user,
    service,
    wants,
  }: { user: ServiceUser | undefined; service: UnitProperties; wants: "read" | "execute" | "enter" },
): Promise<Obstacle | undefined> {
  const links = await wayTo(path);
  for (const each of links) {
    const directive = hiddenBy(each, service);
    if (directive !== undefined) return { kind: "hidden", path: each, directive };
  }
  for (const each of links) {
    const folders = each === "/" ? [] : foldersOf(each);
    for (const step of [...folders, each]) {
      let found;
      try {
        found = await stat(step);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        return { kind: code === "EACCES" ? "unknown" : "missing", path: step };
      }
      const bit = step === each && wants === "read" ? 4 : 1;
      if (!isAllowed(found, user, bit))
        return { kind: "closed", path: step, mode: (found.mode & 0o7777).toString(8), owner: found.uid };
    }
  }
  return undefined;
}

/** The path itself, and where its symbolic links lead, one after the other. */
async function wayTo(path: string): Promise<string[]> {
  const way = [path];
  for (let at = 0; at < way.length && way.length < 40; at += 1) {
    for (const step of [...foldersOf(way[at]!), way[at]!]) {
      const found = await lstat(step).catch(() => undefined);
      if (!found?.isSymbolicLink()) continue;
      const target = resolve(dirname(step), await readlink(step));
      const next = join(target, way[at]!.slice(step.length));
      if (!way.includes(next)) way.push(next);
      break;
    }
  }
  return way;
}

/** `/`, `/srv` and `/srv/shop` of `/srv/shop/server.js`. */
function foldersOf(path: string): string[] {
  const folder = dirname(path);
  return folder === path ? [] : [...foldersOf(folder), folder];
}

function isAllowed(
  { mode, uid, gid }: { mode: number; uid: number; gid: number },
  user: ServiceUser | undefined,
  bit: number,
): boolean {
  if (user === undefined) return true;
  // Root may read and enter everything, and execute what anybody may execute.
  if (user.uid === 0) return bit !== 1 || (mode & 0o111) !== 0;
  if (uid === user.uid) return (mode & (bit << 6)) !== 0;
  return (mode & (user.gids.includes(gid) ? bit << 3 : bit)) !== 0;
}

const temporary = ["/tmp", "/var/tmp"];

/** The directive that hides a path from the service, such as `ProtectHome=yes`. */
export function hiddenBy(path: string, service: UnitProperties): string | undefined {
  const shown = ["BindPaths", "BindReadOnlyPaths"]
    .flatMap((name) => service.list(name))
    .map((bind) => bind.replace(/^-/, "").split(":")[1] ?? bind.split(":")[0]!);
  if (shown.some((folder) => liesIn(folder, path))) return undefined;
  const home = service.get("ProtectHome");
  if (["yes", "tmpfs"].includes(home) && isInHome(path)) return `ProtectHome=${home}`;
  if (
    service.get("PrivateTmp") !== "no" &&
    service.get("PrivateTmp") !== "" &&
    temporary.some((folder) => liesIn(folder, path))
  )
    return `PrivateTmp=${service.get("PrivateTmp")}`;
  for (const name of ["InaccessiblePaths", "TemporaryFileSystem"]) {
    const folder = service.list(name).map((each) => each.replace(/^[-+]+/, "").split(":")[0]!);
    const hiding = folder.find((each) => liesIn(each, path));
    if (hiding !== undefined) return `${name}=${hiding}`;
  }
  const root = service.get("RootDirectory") || service.get("RootImage");
  return root === "" || root === "/"
    ? undefined
    : `${service.get("RootDirectory") ? "RootDirectory" : "RootImage"}=${root}`;
}

/** What to do about it, for a report. */
export function wayRound(
  obstacle: Obstacle,
  { user, unit, what }: { user: ServiceUser | undefined; unit: string; what: string },
): { message: string; fix: string; copy: string[] } {
  const who = user === undefined ? "the service's user" : `the user ${user.name}`;
  switch (obstacle.kind) {
    case "missing":
      return {
        message:
          obstacle.path === what
            ? `${what} does not exist.`
            : `${what} does not exist: there is no ${obstacle.path}.`,
        fix: `Correct the path in ${unit}, or put the file there.`,
        copy: [`systemctl edit --full ${unit}`],
      };
    case "hidden":
      return {
        message: `${what} exists, but ${obstacle.directive} hides it from the service.`,
        fix: "Move it to where every service sees it, such as /srv or /opt, and correct the path in the unit.",
        copy: [`systemctl edit --full ${unit}`],
      };
    case "closed":
      return {
        message: `${what} exists, but ${who} can't get to it: ${obstacle.path} has mode ${obstacle.mode}.`,
        fix: `Let others through, or move it to where every user may read, such as /srv or /opt.`,
        copy: [`chmod o+${obstacle.path === what ? "rx" : "x"} ${obstacle.path}`],
      };
    case "unknown":
      return {
        message: `${what} can't be looked at by you: ${obstacle.path} is closed.`,
        fix: "Run the doctor as root.",
        copy: ["sudo sockact doctor"],
      };
  }
}
