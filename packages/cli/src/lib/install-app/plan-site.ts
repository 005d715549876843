import { join } from "node:path";
import process from "node:process";
import type { AppDescription } from "@sockact/units";
import type { PlannedSite } from "../install/install.ts";
import { findProxy } from "../proxy/find-proxy.ts";
import { isInGroup } from "../proxy/group.ts";
import { CliError } from "../shared/cli-error.ts";
import { sameCommand } from "../shared/own-command.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";

/**
 * The site of a service with host names, and notes for the user. Nothing for other services.
 *
 * @param manager undefined below a root folder, and if systemd does not run
 */
export async function planSite(
  description: AppDescription,
  wanted: string | undefined,
  start: boolean,
  manager: ServiceManager | undefined,
): Promise<{ site?: PlannedSite; notes: string[] }> {
  const { name, hosts, sockets } = description;
  if (hosts === undefined) {
    if (wanted === undefined) return { notes: [] };
    throw new CliError("SOCKACT_ERR_USAGE", "--proxy needs a host name", "Name one: --host shop.example.com");
  }
  if (!start)
    throw new CliError(
      "SOCKACT_ERR_USAGE",
      `${name} has host names, so --no-start can't be used: the proxy would pass clients to a socket that does not listen`,
      "Leave --no-start out. Until the app has answered a test request, the proxy serves what it serves now.",
    );
  if (manager === undefined)
    throw new CliError(
      "SOCKACT_ERR_USAGE",
      `${name} has host names, and there is no proxy to ask: systemd does not run here, or --root names another system`,
      "Leave the host names out.",
    );
  if (process.getuid?.() !== 0)
    throw new CliError(
      "SOCKACT_ERR_INSTALL_ROOT",
      "only root can check the configuration of the proxy",
      sameCommand(),
    );
  const { proxy, why } = await findProxy(manager, name, wanted);
  const state = await proxy.read(manager);
  // The command line has made sure that it is one unix socket.
  const socket = sockets[0]!.listen as string;
  const { text, notes } = proxy.site({ hosts, socket }, state);
  const path = join(state.folder, proxy.file(name));
  return {
    site: { path, text, hosts },
    notes: [
      `${proxy.name} serves ${hosts.join(" and ")}: ${why}.`,
      ...notes,
      ...(await groupNotes(description)),
    ],
  };
}

/** An app in the group of the proxy can connect to the sockets of the others, as the proxy does. */
async function groupNotes({
  user,
  group,
  supplementaryGroups = [],
  sockets,
}: AppDescription): Promise<string[]> {
  const proxys = sockets[0]!.socketGroup;
  if (typeof proxys !== "string" || typeof user !== "string" || user === "root") return [];
  const isMember = [group, ...supplementaryGroups].includes(proxys) || (await isInGroup(user, proxys));
  if (!isMember) return [];
  return [
    `${user} is in the group ${proxys} of the proxy. So this app can connect to every app with a host name, without the proxy and in the name of any client. Better: another user with --run-as, or none.`,
  ];
}
