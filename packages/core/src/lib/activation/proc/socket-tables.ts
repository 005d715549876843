import { isBun } from "../../shared/runtime.ts";
import { closeSync, openSync, readSync } from "node:fs";
import { SocketAddress } from "node:net";
import { endianness } from "node:os";

/** A row of /proc/net/unix. */
export interface UnixRow {
  type: "stream" | "dgram" | "seqpacket" | "other";
  listening: boolean;
  connected: boolean;
  /** The path, or `@name` for an abstract socket. Empty if the socket is not bound. */
  address: string;
}

/**
 * Finds the listening TCP sockets with these inodes in this network namespace. Returns the address of each
 * inode.
 *
 * The kernel lists listeners first: tcp_seq_start() reads their table before that of the connections. So
 * reading stops at the first row in another state, or when all are found, and never reads fifty thousand open
 * connections. IPv6 comes first, because `ListenStream=80` is an IPv6 socket.
 */
export function findTcpListeners(
  inodes: ReadonlySet<number>,
): Map<number, { family: "ipv4" | "ipv6"; address: string }> {
  const found = new Map<number, { family: "ipv4" | "ipv6"; address: string }>();
  for (const family of ["ipv6", "ipv4"] as const) {
    if (found.size === inodes.size) break;
    for (const row of rows(`/proc/self/net/${family === "ipv4" ? "tcp" : "tcp6"}`)) {
      const { state, inode, local } = inetRow(row);
      if (state !== "0A") break;
      if (inodes.has(inode)) found.set(inode, { family, address: formatAddress(local, family) });
      if (found.size === inodes.size) break;
    }
  }
  return found;
}

/** Finds the UDP socket with this inode in this network namespace. */
export function findUdp(inode: number): { family: "ipv4" | "ipv6"; address: string } | undefined {
  for (const family of ["ipv4", "ipv6"] as const) {
    for (const row of rows(`/proc/self/net/${family === "ipv4" ? "udp" : "udp6"}`)) {
      const { inode: candidate, local } = inetRow(row);
      if (candidate === inode) return { family, address: formatAddress(local, family) };
    }
  }
  return undefined;
}

/**
 * Finds the unix sockets with these inodes in this network namespace. Stops when all are found, and only
 * parses chunks that contain one.
 */
export function findUnix(inodes: ReadonlySet<number>): Map<number, UnixRow> {
  const found = new Map<number, UnixRow>();
  if (inodes.size === 0) return found;
  const wanted = new RegExp(` (?:${[...inodes].join("|")})(?: |$)`, "m");
  for (const piece of pieces("/proc/self/net/unix")) {
    if (!wanted.test(piece)) continue;
    for (const row of piece.split("\n")) {
      // Num RefCount Protocol Flags Type St Inode Path: unix(7), proc_net(5). The path may contain blanks.
      const match = /^\S+ \S+ \S+ (\S+) (\S+) (\S+) +(\d+)(?: ([^]*))?$/.exec(row);
      const inode = Number(match?.[4]);
      if (!match || !inodes.has(inode)) continue;
      found.set(inode, {
        type: UNIX_TYPES[match[2] as string] ?? "other",
        listening: (Number.parseInt(match[1] as string, 16) & 0x10000) !== 0, // __SO_ACCEPTCON
        connected: match[3] === "03", // SS_CONNECTED
        address: Buffer.from(match[5] ?? "", "latin1").toString(),
      });
    }
    if (found.size === inodes.size) break;
  }
  return found;
}

const UNIX_TYPES: Record<string, UnixRow["type"]> = {
  "0001": "stream",
  "0002": "dgram",
  "0005": "seqpacket",
};

/** The rows of a table, without its heading. */
function* rows(path: string): Generator<string> {
  let heading = true;
  for (const piece of pieces(path)) {
    for (const row of piece.split("\n")) {
      if (!heading) yield row;
      heading = false;
    }
  }
}

/**
 * The kernel fills a page of at least 4096 bytes with rows of less than 256 bytes. A shorter read is
 * therefore the last one. Another read would make the kernel iterate over all connections again.
 */
const FULL_READ = 3_072;

/**
 * Reads a table in chunks of whole rows, with one character per byte. A table that can't be read (no IPv6,
 * ProcSubset=pid) is empty.
 */
function* pieces(path: string): Generator<string> {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    return;
  }
  try {
    const buffer = Buffer.allocUnsafe(65_536);
    let rest = "";
    let length: number;
    do {
      length = readSync(fd, buffer);
      const text = rest + buffer.toString("latin1", 0, length);
      const end = text.lastIndexOf("\n");
      if (end !== -1) yield text.slice(0, end);
      rest = text.slice(end + 1);
    } while (length >= FULL_READ);
  } finally {
    closeSync(fd);
  }
}

/** sl local_address rem_address st tx_queue:rx_queue tr:when retrnsmt uid timeout inode: proc_net(5). */
function inetRow(row: string): { local: string; state: string; inode: number } {
  const fields = row.trim().split(/\s+/);
  return { local: fields[1] ?? "", state: fields[3] ?? "", inode: Number(fields[9]) };
}

/** `0100007F:0050` → `127.0.0.1:80`: 32-bit words in the machine's byte order, then the port. */
function formatAddress(hex: string, family: "ipv4" | "ipv6"): string {
  const [words = "", port = ""] = hex.split(":");
  const bytes = Buffer.from(words, "hex");
  if (endianness() === "LE") bytes.swap32();
  const address =
    family === "ipv4" ? bytes.join(".") : (bytes.toString("hex").match(/.{4}/g) ?? []).join(":");
  return formatEndpoint({ family, address, port: Number.parseInt(port, 16) });
}

/** `127.0.0.1:80`, `[::1]:80`: as in ListenStream= of systemd.socket(5), with the IPv6 form of RFC 5952. */
function formatEndpoint(endpoint: { family: "ipv4" | "ipv6"; address: string; port: number }): string {
  const { address, port } = new SocketAddress(endpoint);
  // SocketAddress of Bun does not shorten an address.
  if (isBun && endpoint.family === "ipv6") return `${new URL(`http://[${address}]`).hostname}:${port}`;
  return endpoint.family === "ipv4" ? `${address}:${port}` : `[${address}]:${port}`;
}
