import type { Properties } from "../shared/properties.ts";
import { readListen } from "./listen-property.ts";
import { type ListeningSocket, listeningSocketsIn } from "./listening-sockets.ts";
import type { ServiceManager } from "./service-manager.ts";

const properties = ["Id", "ActiveState", "Listen", "PrivateNetwork", "SocketProtocol"] as const;
type SocketUnit = Partial<Properties<(typeof properties)[number]>>;

/** The address in the form of /proc: an IPv6 address in its short form, without its interface. */
const canonical = (address: string): string =>
  address.replace(
    /^\[([\da-f:.]+)(?:%[^\]]*)?\]/i,
    (_, host: string) => new URL(`http://[${host}]`).hostname,
  );

function isKnown({ address, type }: { address: string; type: string }): boolean {
  // systemctl and the kernel escape other characters differently.
  const isUnix = /^[/@][\w./@:+,-]*$/.test(address);
  const isIp = /^(?:\[[\da-f:.]+(?:%.*)?\]|\d+(?:\.\d+){3}):[1-9]\d*$/i.test(address);
  // The table of unix sockets does not mark datagram sockets as listening.
  return type === "Stream"
    ? isUnix || isIp
    : type === "Datagram"
      ? isIp
      : type === "SequentialPacket" && isUnix;
}

/**
 * The addresses of an active socket unit on which nothing listens. If the addresses of a unit have changed,
 * `daemon-reload` closes the old descriptors and opens none, and the unit stays active.
 */
export function closedAddresses(
  { ActiveState, Listen = "", PrivateNetwork, SocketProtocol = "0" }: SocketUnit,
  listening: readonly ListeningSocket[] = listeningSocketsIn(),
): string[] {
  // Without tables in /proc, nothing is known.
  if (listening.length === 0) return [];
  // Other namespaces, and protocols such as MPTCP, have their own tables.
  if (ActiveState !== "active" || PrivateNetwork === "yes" || SocketProtocol !== "0") return [];
  return readListen(Listen)
    .filter((listen) => isKnown(listen))
    .filter(
      ({ address, type }) =>
        !listening.some(
          (socket) =>
            socket.address === canonical(address) && (socket.protocol === "udp") === (type === "Datagram"),
        ),
    )
    .map(({ address }) => address);
}

/** An active socket unit that does not listen on these addresses. */
export interface ClosedSocket {
  unit: string;
  addresses: readonly string[];
}

/** The socket units with addresses on which nothing listens. */
export async function closedSockets(
  manager: ServiceManager,
  sockets: readonly string[],
): Promise<ClosedSocket[]> {
  const units = await manager.show(sockets, properties);
  const listening = listeningSocketsIn();
  return units
    .map((unit) => ({ unit: unit.Id, addresses: closedAddresses(unit, listening) }))
    .filter(({ addresses }) => addresses.length > 0);
}

/** The problem of such socket units, as a sentence without a full stop. */
export const closedText = (closed: readonly ClosedSocket[]): string =>
  closed
    .map(
      ({ unit, addresses }) =>
        `${unit} does not listen on ${addresses.join(" and ")}, because its unit has changed while it was open`,
    )
    .join("; ");
