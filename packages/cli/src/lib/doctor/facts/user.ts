import process from "node:process";
import { execute } from "../../shared/execute.ts";
import { findUser } from "../../shared/users.ts";
import type { Subject } from "../model/subject.ts";
import { serviceProperties } from "./properties.ts";

/** The user that the service runs as. */
export interface ServiceUser {
  name: string;
  /** `undefined` for a user that systemd creates at each start (DynamicUser=). This user owns no files. */
  uid: number | undefined;
  gids: readonly number[];
}

/** The user of the service. `undefined` if there is no such user. */
export async function serviceUser(subject: Subject): Promise<ServiceUser | undefined> {
  const service = await subject.get(serviceProperties);
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

/** The number of a group, by its name or its number. */
export async function groupNumber(group: string): Promise<number | undefined> {
  const found = await execute("getent", ["group", "--", group]).catch(() => undefined);
  return found?.code === 0 ? Number(found.stdout.split(":")[2]) : undefined;
}
