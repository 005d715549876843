import type { AppDescription } from "@sockact/units";
import { FAILED_START_STATUS } from "@sockact/shared/unavailable";
import { hostNames } from "../proxy/host-names.ts";
import { CliError } from "../shared/cli-error.ts";

/** The mode of the socket: root and the group of the proxy may connect, so nobody else can name a client. */
const MODE = "0660";

const HINT =
  'The proxy connects to one unix socket: sockets: [{ listen: "/run/shop.sock" }]. With --host, leave --listen out.';

/**
 * The description of a service with host names: it has a unix socket for the proxy, and trusts what the proxy
 * says about clients. Other descriptions stay as they are. Throws for anything but one unix socket.
 *
 * @param description its fields are not checked yet
 * @param group the group of the proxy
 * @param where the option or the field with the host names
 */
export function withHosts(description: AppDescription, group: string, where: string): AppDescription {
  const { name, hosts, sockets, environment, manager, idleTimeout, restartPreventExitStatus } = description;
  if (hosts === undefined) return description;
  const names = hostNames([hosts].flat(), where);
  const refuse = (message: string, hint: string) => {
    throw new CliError("SOCKACT_ERR_USAGE", message, hint);
  };
  if (manager === "user")
    refuse(
      `${where}: a service of your own service manager has no site`,
      "Install it as root, without --user.",
    );
  const given: unknown = sockets;
  const [socket, ...others] = Array.isArray(given) ? (given as Record<string, unknown>[]) : [];
  const { listen, listenDatagram, listenSequentialPacket, accept, proxyProtocol } = Object(socket);
  if (others.length > 0 || typeof listen !== "string" || !listen.startsWith("/"))
    refuse(`${where}: ${name} does not listen on one unix socket`, HINT);
  // It becomes part of the configuration of the proxy.
  if (!/^[\w./@+-]+$/.test(listen))
    refuse(
      `${where}: the proxy can't have the path ${JSON.stringify(listen)}`,
      "Letters, digits and . / @ + - are possible.",
    );
  if (
    [listenDatagram, listenSequentialPacket].some((one) => one !== undefined) ||
    accept === true ||
    proxyProtocol
  )
    refuse(`${where}: the socket of ${name} is not for HTTP requests of the proxy`, HINT);
  const hasAccess = socket!["socketMode"] !== undefined || socket!["socketGroup"] !== undefined;
  return {
    ...description,
    hosts: names,
    sockets: [{ ...socket, ...(!hasAccess && { socketMode: MODE, socketGroup: group }) }],
    environment: { SOCKACT_TRUST_PROXY: "yes", ...environment },
    // While nobody visits the site, nobody needs an app that can't start.
    ...((idleTimeout ?? false) !== false && {
      restartPreventExitStatus: [restartPreventExitStatus ?? [], FAILED_START_STATUS].flat(),
    }),
  };
}
