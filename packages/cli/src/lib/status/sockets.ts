import { read } from "../shared/proc.ts";
import type { ActivatedService } from "../systemd/activated-units.ts";
import { closedAddresses } from "../systemd/closed-addresses.ts";
import { listeningSocketsIn } from "../systemd/listening-sockets.ts";
import type { UnitState } from "../systemd/unit-state.ts";
import { type Address, readAddresses } from "./addresses.ts";
import { type Clients, type CountedClients, countClients } from "./clients.ts";
import { isClosed, type SocketStatus } from "./service-status.ts";
import { numberOf, type SocketProperties } from "./unit-properties.ts";

/** The addresses of each socket unit on which nothing listens, by the unit. */
export type Closed = ReadonlyMap<string, readonly string[]>;

/** Looks for addresses on which nothing listens. */
export function closedOf(sockets: readonly SocketProperties[]): Map<string, string[]> {
  const open = listeningSocketsIn();
  return new Map(sockets.map((socket) => [socket.Id, closedAddresses(socket, open)]));
}

/** The status of these sockets, with the clients of this moment. */
export function readSockets(sockets: readonly SocketProperties[], closed: Closed): SocketStatus[] {
  const addresses = sockets.map(addressesOf);
  const most = Number(read("/proc/sys/net/core/somaxconn") || Infinity);
  const clients = countClients(addresses.flat());
  return sockets.map((socket, index) => {
    const own = addresses[index]!;
    const status = readSocket(socket, own, closed.get(socket.Id) ?? [], clients.splice(0, own.length));
    // The kernel limits the backlog, too.
    return { ...status, backlog: status.backlog && Math.min(status.backlog, most) };
  });
}

/** The state of these sockets. Nothing starts a service whose socket has no descriptor. */
export const listenersOf = (
  sockets: readonly SocketProperties[],
  statuses: readonly SocketStatus[],
): UnitState[] =>
  sockets.map((socket, index) =>
    isClosed(statuses[index]!) ? { ...socket, ActiveState: "inactive" } : socket,
  );

/** The addresses of sockets, because some callers read their clients again and again. */
const parsed = new WeakMap<SocketProperties, Address[]>();

function addressesOf(socket: SocketProperties): Address[] {
  const addresses = parsed.get(socket) ?? readAddresses(socket.Listen ?? "");
  parsed.set(socket, addresses);
  return addresses;
}

function readSocket(
  properties: SocketProperties,
  addresses: readonly Address[],
  closed: readonly string[],
  clients: readonly (CountedClients | null)[],
): SocketStatus {
  const isAcceptedBySystemd = properties.Accept === "yes";
  return {
    unit: properties.Id,
    active: properties.ActiveState,
    result: properties.Result,
    addresses: addresses.map((address, index) => ({
      ...address,
      listens: properties.ActiveState === "active" && !closed.includes(address.address),
      clients: isAcceptedBySystemd
        ? { open: numberOf(properties.NConnections) ?? 0, waiting: 0 }
        : properties.PrivateNetwork === "yes"
          ? null
          : withoutClosed(clients[index] ?? null),
    })),
    backlog: numberOf(properties.Backlog),
    name: properties.FileDescriptorName ?? "",
    enabled: properties.UnitFileState ?? "",
    file: properties.FragmentPath || null,
  };
}

function withoutClosed(clients: CountedClients | null): Clients | null {
  return clients && { open: clients.open, waiting: clients.waiting };
}

/** The sum of the known values. Null if none is known. */
export function sum(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
}

/** The clients of all sockets of a service. Null if they can't be counted. */
export function clientsOf(kind: ActivatedService["kind"], sockets: readonly SocketStatus[]): Clients | null {
  // systemd counts the connections of all addresses of a socket together.
  const counted = sockets.flatMap(({ addresses }) =>
    (kind === "accept" ? addresses.slice(0, 1) : addresses).map(({ clients }) => clients),
  );
  const open = sum(counted.map((clients) => clients && clients.open));
  const waiting = sum(counted.map((clients) => clients && clients.waiting));
  return open === null || waiting === null ? null : { open, waiting };
}
