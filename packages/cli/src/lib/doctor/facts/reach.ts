import { ownCommand } from "../../shared/own-command.ts";
import process from "node:process";
import { execute } from "../../shared/execute.ts";
import { isInHome, liesIn } from "../../shared/folders.ts";
import { stepsTo } from "../../shared/path-steps.ts";
import { isPermitted, stranger } from "../../shared/permissions.ts";
import { findUser } from "../../shared/users.ts";
import type { Subject } from "../model/subject.ts";
import { serviceUnit } from "./units.ts";
import { boundPaths, hiddenBy } from "./sandbox.ts";

/** The user of the service. */
export interface ServiceUser {
  name: string;
  /** `undefined` with DynamicUser=, for a user that owns no files. */
  uid: number | undefined;
  gids: readonly number[];
}

/** The user of the service. `undefined` if the user does not exist. */
export async function serviceUser(subject: Subject): Promise<ServiceUser | undefined> {
  const service = await subject.get(serviceUnit);
  const own = process.getuid?.() ?? 0;
  const name = service.get("User") || (subject.host.manager.user ? String(own) : "root");
  const groups = [service.get("Group"), ...service.list("SupplementaryGroups")].filter(Boolean);
  const ids = await Promise.all(groups.map(groupNumber));
  const extra = ids.filter((id) => id !== undefined);
  const user = await findUser(name).catch(() => undefined);
  if (user === undefined)
    return service.get("DynamicUser") === "yes" ? { name, uid: undefined, gids: extra } : undefined;
  return { name, uid: user.uid, gids: [...extra, ...user.groups] };
}

/** The ID of a group, by name or ID. */
export async function groupNumber(group: string): Promise<number | undefined> {
  const found = await execute("getent", ["group", "--", group]).catch(() => undefined);
  return found?.code === 0 ? Number(found.stdout.split(":")[2]) : undefined;
}

/** Why the service can't use a file. */
export type Obstacle =
  | { kind: "missing"; path: string }
  /** A folder that the user may not enter, or a file that the user may not read or execute. */
  | { kind: "closed"; path: string; mode: string; user: string }
  /** The sandbox directive that hides it. */
  | { kind: "hidden"; path: string; directive: string }
  /** The doctor has no permission to check. */
  | { kind: "unknown"; path: string };

/** Checks each step of a path, symbolic links included. `undefined` if the service can use the file. */
export async function obstacleTo(
  subject: Subject,
  path: string,
  wants: "read" | "execute" | "enter",
): Promise<Obstacle | undefined> {
  const [service, user] = await subject.all(serviceUnit, serviceUser);
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
    // Above a bind mount, the service has folders that systemd created, and not the real ones.
    if (bound.some((folder) => folder !== at && liesIn(at, folder) && liesIn(folder, towards))) continue;
    if (account !== undefined && !isPermitted(account, wanted, status))
      return { kind: "closed", path: at, mode: (status.mode & 0o7777).toString(8), user: user!.name };
  }
  return undefined;
}

/** The message and fix for an obstacle in the path of a file. */
export function wayRound(
  obstacle: Obstacle,
  unit: string,
  file: string,
): { message: string; fix: string; copy: string[] } {
  const { path } = obstacle;
  const edit = [`systemctl edit --full ${unit}`];
  const move =
    "Move it to a place that every service can see, such as /srv or /opt, and correct the path in the unit.";
  switch (obstacle.kind) {
    case "missing":
      return {
        message: path === file ? `${file} does not exist.` : `${file} does not exist: there is no ${path}.`,
        fix: `Correct the path in ${unit}, or put the file there.`,
        copy: edit,
      };
    case "hidden": {
      const message = `${file} exists, but ${obstacle.directive} hides it from the service.`;
      return { message, fix: move, copy: edit };
    }
    case "closed": {
      const message = `${file} exists, but the user ${obstacle.user} can't get to it: ${path} has mode ${obstacle.mode}.`;
      // A home directory stays closed to other users.
      if (isInHome(path)) return { message, fix: move, copy: edit };
      return {
        message,
        fix: `Let other users enter, or move the app to a place that every user may read, such as /srv or /opt.`,
        copy: [`chmod o+${path === file ? "rx" : "x"} ${path}`],
      };
    }
    case "unknown":
      return {
        message: `You may not look at ${file}: you can't read ${path}.`,
        fix: "Run the doctor as root.",
        copy: [ownCommand("doctor")],
      };
  }
}
