import { anybody, isProxySender, proxyVariable } from "../../node/proxy-protocol.ts";
import { conflictsIn, shown, type UnitProblem } from "../../problems.ts";
import { listItem } from "../../systemd/escaping.ts";
import { asked, type Line } from "../../write/lines.ts";
import { report } from "../values/readers.ts";
import { isObject } from "./fields.ts";

const example = "{ from: ['10.0.0.1'] }, with the address of each load balancer";

/** SOCKACT_PROXY_PROTOCOL=: an entry per socket with `proxyProtocol`. */
export function proxyProtocolLines(
  description: Record<string, unknown>,
  name: string,
  problems: UnitProblem[],
): Line[] {
  const { sockets } = description;
  const entries = (Array.isArray(sockets) ? sockets : []).flatMap((socket: unknown, index) => {
    const option = isObject(socket) ? socket["proxyProtocol"] : undefined;
    if (!isObject(socket) || option === undefined || option === false) return [];
    const path = `sockets[${index}]`;
    const senders = readSenders(option, `${path}.proxyProtocol`, problems);
    reportConflicts(description, socket, path, problems);
    return `${nameOf(socket, name)}:${senders.join(",")}`;
  });
  if (entries.length === 0) return [];
  // Only for this socket does the linter warn that every client can send a header.
  const open = (sockets as unknown[]).findIndex(
    (socket) => isObject(socket) && socket["proxyProtocol"] === true,
  );
  const field = `sockets[${Math.max(open, 0)}].proxyProtocol`;
  return asked("Environment", [listItem(`${proxyVariable}=${entries.join(" ")}`)], field);
}

/** The name of the socket in the service. The default is that of the unit. */
function nameOf({ accept, name }: Record<string, unknown>, app: string): string {
  if (accept === true) return "connection";
  return typeof name === "string" ? name : `${app}.socket`;
}

function readSenders(option: unknown, path: string, problems: UnitProblem[]): string[] {
  if (option === true) return [anybody];
  if (!isObject(option) || Object.keys(option).some((key) => key !== "from")) {
    return report(
      "SOCKACT_ERR_UNIT_TYPE",
      path,
      problems,
      `${shown(option)} is neither true nor { from }`,
      `write ${example}`,
    );
  }
  const { from } = option;
  if (!Array.isArray(from) || from.length === 0) {
    return report(
      "SOCKACT_ERR_UNIT_TYPE",
      `${path}.from`,
      problems,
      `${shown(from)} is not a list of addresses`,
      `write ${example}`,
    );
  }
  for (const [index, sender] of from.entries()) {
    if (typeof sender === "string" && isProxySender(sender)) continue;
    report(
      "SOCKACT_ERR_UNIT_ADDRESS",
      `${path}.from[${index}]`,
      problems,
      `${shown(sender)} is not an IP address`,
      "write an address, a range such as '10.0.0.0/8', or 'unix' for every client of a unix socket",
    );
  }
  return from as string[];
}

function reportConflicts(
  { bind = "socket", template }: Record<string, unknown>,
  { accept, listen, listenDatagram, listenSequentialPacket, name }: Record<string, unknown>,
  path: string,
  problems: UnitProblem[],
): void {
  const reportConflict = (message: string, hint: string) =>
    conflictsIn(problems)(`${path}.proxyProtocol`, message, hint);
  if (bind !== "socket")
    reportConflict(
      `with bind: ${shown(bind)} the connections do not come through a socket of systemd`,
      "leave it out",
    );
  if (listen === undefined && (listenDatagram ?? listenSequentialPacket) !== undefined)
    reportConflict("a PROXY header begins a connection, and this socket has no connections", "leave it out");
  if (accept === true) {
    if (name !== undefined)
      reportConflict(
        "with accept, the service gets a connection, and only systemd 257 and later pass the name of the socket",
        "leave name out",
      );
    return;
  }
  if (template === true && name === undefined)
    reportConflict("each instance has a socket with another name", "write a name in the socket: name: 'web'");
  if (typeof name === "string" && name.includes(" "))
    reportConflict(`${proxyVariable} cannot contain a name with a space`, "rename the socket");
}
