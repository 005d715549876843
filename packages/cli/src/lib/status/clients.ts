import { endianness } from "node:os";
import { ipSockets, unixSockets } from "../shared/socket-tables.ts";
import type { Address } from "./addresses.ts";

/** The clients of a socket. */
export interface Clients {
  /** Accepted connections that are not closed. */
  open: number;
  /** Connections that are not accepted yet. */
  waiting: number;
}

/** The clients of an address in the tables of /proc. */
export interface CountedClients extends Clients {
  /** The addresses of clients whose connection this host closed in the last minute (TIME_WAIT). */
  closed: string[];
}

/** The groups of an IPv6 address in any form. */
function groupsOf(address: string): number[] {
  // IPv4 at the end becomes groups, too.
  const canonical = new URL(`http://[${address.replace(/%.*$/, "")}]`).hostname.slice(1, -1);
  const [before = "", after] = canonical.split("::");
  const groups = (text: string) =>
    text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  const head = groups(before);
  const tail = after === undefined ? [] : groups(after);
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

/** An address in the form of /proc: each four bytes are a number in the machine's byte order. */
function tableKey(host: string, port: string): string {
  const isIpv6 = host.includes(":");
  const bytes = isIpv6
    ? Buffer.from(groupsOf(host).flatMap((group) => [group >> 8, group & 255]))
    : Buffer.from(host.split(".").map(Number));
  if (endianness() === "LE") bytes.swap32();
  const hex = `${bytes.toString("hex")}:${Number(port).toString(16).padStart(4, "0")}`;
  return `${isIpv6 ? "tcp6" : "tcp"} ${hex.toUpperCase()}`;
}

/** The keys of addresses, because some callers count their clients again and again. */
const keys = new WeakMap<Address, string | undefined>();

/** The key in a table, for the address of a stream socket whose connections are in the tables. */
function keyOf(address: Address): string | undefined {
  if (!keys.has(address)) keys.set(address, newKey(address));
  return keys.get(address);
}

function newKey({ address, type }: Address): string | undefined {
  if (type !== "stream" && type !== "sequential-packet") return undefined;
  if (/^[/@]/.test(address)) return `unix ${address}`;
  const [, ipv6, ipv4, port = ""] =
    /^(?:\[([\da-f:.]+(?:%.*)?)\]|(\d+(?:\.\d+){3})):(\d+)$/i.exec(address) ?? [];
  const host = ipv6 ?? ipv4;
  return host === undefined ? undefined : tableKey(host, port);
}

const isAnyAddress = (key: string): boolean => /^tcp6? 0+:/.test(key);

/**
 * Counts the clients of each address in the tables of /proc, which everyone may read. A connection belongs to
 * the network namespace of its listening socket, so it is counted even with `PrivateNetwork=` in the service.
 * The order is that of the addresses; null if clients can't be counted, as for a datagram socket.
 */
export function countClients(addresses: readonly Address[]): (CountedClients | null)[] {
  const own = addresses.map(keyOf);
  const found = new Map<string, CountedClients>();
  /** The addresses of all hosts, by table and port. */
  const any = new Map<string, CountedClients>();
  const ports = new Set<string>();
  const tables = new Set<string>();
  for (const key of own) {
    if (key === undefined) continue;
    const clients = { open: 0, waiting: 0, closed: [] };
    const table = key.slice(0, key.indexOf(" "));
    const port = key.slice(key.lastIndexOf(":") + 1);
    found.set(key, clients);
    tables.add(table);
    ports.add(port);
    if (isAnyAddress(key)) any.set(`${table} ${port}`, clients);
  }

  for (const table of ["tcp", "tcp6"] as const) {
    if (!tables.has(table)) continue;
    for (const { local, remote, st, inode } of ipSockets(table)) {
      const port = local.slice(local.indexOf(":") + 1);
      const isClosed = st === "06";
      // ESTABLISHED, and CLOSE_WAIT for a client that has closed its side.
      if (!ports.has(port) || (st !== "01" && st !== "08" && !isClosed)) continue;
      const clients = found.get(`${table} ${local}`) ?? any.get(`${table} ${port}`);
      if (isClosed) clients?.closed.push(remote);
      else if (clients) clients[inode === 0 ? "waiting" : "open"] += 1;
    }
  }
  if (tables.has("unix")) {
    for (const { st, inode, path } of unixSockets()) {
      const clients = found.get(`unix ${path}`);
      if (clients && st === "03") clients.open += 1;
      else if (clients && st === "02" && inode === 0) clients.waiting += 1;
    }
  }
  return own.map((key) => (key === undefined ? null : found.get(key)!));
}
