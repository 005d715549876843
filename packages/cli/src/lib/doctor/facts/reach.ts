import { isInHome, liesIn } from "../../shared/folders.ts";
import { sudoCommand } from "../../shared/own-command.ts";
import { stepsTo } from "../../shared/path-steps.ts";
import { isPermitted, stranger } from "../../shared/permissions.ts";
import type { UnitProperties } from "./properties.ts";
import type { ServiceUser } from "./user.ts";

/** The reason why the service can't use a file. */
export type Obstacle =
  | { kind: "missing"; path: string }
  /** A folder that the user may not enter, or a file that the user may not read or execute. */
  | { kind: "closed"; path: string; mode: string; owner: number }
  /** The sandbox hides it: the directive. */
  | { kind: "hidden"; path: string; directive: string }
  /** The doctor may not look. */
  | { kind: "unknown"; path: string };

/** Looks at each step of the path to a file, symbolic links included. `undefined` if the service can use the file. */
export async function obstacleTo(
  path: string,
  {
    user,
    service,
    wants,
  }: { user: ServiceUser | undefined; service: UnitProperties; wants: "read" | "execute" | "enter" },
): Promise<Obstacle | undefined> {
  const steps = await stepsTo(path);
  for (const towards of new Set([path, ...steps.map((step) => step.towards)])) {
    const directive = hiddenBy(towards, service);
    if (directive !== undefined) return { kind: "hidden", path: towards, directive };
  }
  const bound = boundPaths(service);
  const account = user && { uid: user.uid ?? stranger.uid, groups: user.gids };
  for (const { path: at, towards, status, error } of steps) {
    if (status === undefined) return { kind: error?.code === "EACCES" ? "unknown" : "missing", path: at };
    const wanted = at === towards && wants === "read" ? 4 : 1;
    // Above what is bound, the service has folders that systemd makes, and not the real ones.
    if (bound.some((folder) => folder !== at && liesIn(at, folder) && liesIn(folder, towards))) continue;
    if (account !== undefined && !isPermitted(account, wanted, status))
      return { kind: "closed", path: at, mode: (status.mode & 0o7777).toString(8), owner: status.uid };
  }
  return undefined;
}

const temporary = ["/tmp", "/var/tmp"];

/** Where the service sees what BindPaths= and BindReadOnlyPaths= name: `/home/me/shop:/home/me/shop:rbind` is a word. */
export function boundPaths(service: UnitProperties): string[] {
  return ["BindPaths", "BindReadOnlyPaths"]
    .flatMap((name) => service.list(name))
    .map((bind) => bind.replace(/^-/, "").split(":")[1] ?? bind.split(":")[0]!);
}

/** The directive that hides a path from the service, such as `ProtectHome=yes`. */
export function hiddenBy(path: string, service: UnitProperties): string | undefined {
  if (boundPaths(service).some((folder) => liesIn(folder, path))) return undefined;
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

/** The message and the fix for an obstacle. */
export function wayRound(
  obstacle: Obstacle,
  { user, unit, what }: { user: ServiceUser | undefined; unit: string; what: string },
): { message: string; fix: string; copy: string[] } {
  const who = user === undefined ? "the service's user" : `the user ${user.name}`;
  const move = {
    fix: "Move it to a place that every service can see, such as /srv or /opt, and correct the path in the unit.",
    copy: [`systemctl edit --full ${unit}`],
  };
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
      return { message: `${what} exists, but ${obstacle.directive} hides it from the service.`, ...move };
    case "closed": {
      const message = `${what} exists, but ${who} can't get to it: ${obstacle.path} has mode ${obstacle.mode}.`;
      // A home stays closed to other users.
      if (isInHome(obstacle.path)) return { message, ...move };
      return {
        message,
        fix: `Let other users enter, or move the app to a place that every user may read, such as /srv or /opt.`,
        copy: [`chmod o+${obstacle.path === what ? "rx" : "x"} ${obstacle.path}`],
      };
    }
    case "unknown":
      return {
        message: `You may not look at ${what}: you can't read ${obstacle.path}.`,
        fix: "Run the doctor as root.",
        copy: [`${sudoCommand()} doctor`],
      };
  }
}
