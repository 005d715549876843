import { execute } from "../shared/execute.ts";
import { read } from "../shared/proc.ts";
import { findUser } from "../shared/users.ts";
import { proxyError, WEB_GROUP } from "./proxy.ts";

/**
 * A group of a running process, for a socket that the process connects to: the group of web servers if its
 * user is in it, or else the main group of the user.
 *
 * @param restart the command that starts the process again
 */
export async function groupOfProcess(pid: string, restart: string): Promise<string> {
  const status = read(`/proc/${pid}/status`);
  const uid = /^Uid:\s+(\d+)/m.exec(status)?.[1];
  const user = uid === undefined ? undefined : await findUser(uid);
  if (user === undefined)
    throw proxyError(`the user of process ${pid} is not known`, `Start it again: ${restart}`);
  const web = await readGroup(WEB_GROUP);
  const isWeb = web !== undefined && user.groups.includes(web.gid);
  const group = isWeb ? web : await readGroup(String(user.groups[0]));
  if (group === undefined) throw proxyError(`the group of ${user.name} is not known`, `Create it: groupadd`);
  // A process gets its groups when it starts. Root needs none.
  const own = [...status.matchAll(/^(?:Gid|Groups):\s(.*)$/gm)].flatMap(([, ids]) =>
    ids!.trim().split(/\s+/),
  );
  if (uid !== "0" && !own.includes(String(group.gid)))
    throw proxyError(
      `the user ${user.name} has joined the group ${group.name}, but process ${pid} does not have it yet`,
      `Start it again, which refuses clients for a moment: ${restart}`,
    );
  return group.name;
}

/** Whether this user is in a group. */
export async function isInGroup(name: string, groupName: string): Promise<boolean> {
  const [user, group] = await Promise.all([findUser(name), readGroup(groupName)]);
  return group !== undefined && user?.groups.includes(group.gid) === true;
}

async function readGroup(nameOrNumber: string): Promise<{ name: string; gid: number } | undefined> {
  const { code, stdout } = await execute("getent", ["group", "--", nameOrNumber]);
  const [name = "", , gid = ""] = stdout.trim().split(":");
  return code === 0 && name !== "" ? { name, gid: Number(gid) } : undefined;
}
