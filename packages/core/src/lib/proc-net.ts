import { closeSync, openSync, readSync } from "node:fs";
import { SocketAddress } from "node:net";
import { endianness } from "node:os";

/** A row of /proc/net/unix. */
export interface UnixRow {
  type: "stream" | "dgram" | "seqpacket" | "other";
  listening: boolean;
  connected: boolean;
  /** The path, `@name` for an abstract socket, or empty when it is not bound. */
  address: string;
}

/**
 * The listening TCP sockets of this network namespace among `inodes`: inode → address.
 *
 * The kernel lists listeners first (tcp_seq_start() walks their table before that of the connections), so reading stops at the
 * first row in another state: this costs the same with fifty thousand open connections.
 */
export function findTcpListeners(
  inodes: ReadonlySet<number>,
): Map<number, { family: "ipv4" | "ipv6"; address: string }> {
  const found = new Map<number, { family: "ipv4" | "ipv6"; address: string }>();
  for (const family of ["ipv4", "ipv6"] as const) {
    for (const row of rows(`/proc/self/net/${family === "ipv4" ? "tcp" : "tcp6"}`)) {
      const { state, inode, local } = inetRow(row);
      if (state !== "0A" || found.size === inodes.size) break;
      if (inodes.has(inode)) found.set(inode, { family, address: formatAddress(local, family) });
    }
  }
  return found;
}

/** The UDP socket with this inode, if this network namespace has it. */
export function findUdp(inode: number): { family: "ipv4" | "ipv6"; address: string } | undefined {
  for (const family of ["ipv4", "ipv6"] as const) {
    for (const row of rows(`/proc/self/net/${family === "ipv4" ? "udp" : "udp6"}`)) {
      const { inode: candidate, local } = inetRow(row);
      if (candidate === inode) return { family, address: formatAddress(local, family) };
    }
  }
  return undefined;
}

/** The unix sockets of this network namespace among `inodes`. Reading stops once all are found. */
export function findUnix(inodes: ReadonlySet<number>): Map<number, UnixRow> {
  const found = new Map<number, UnixRow>();
  if (inodes.size === 0) return found;
  for (const row of rows("/proc/self/net/unix")) {
    // Num RefCount Protocol Flags Type St Inode Path: unix(7), proc_net(5). The path may hold blanks.
    const match = /^\S+ \S+ \S+ (\S+) (\S+) (\S+) +(\d+)(?: ([^]*))?$/.exec(row);
    const inode = Number(match?.[4]);
    if (!match || !inodes.has(inode)) continue;
    found.set(inode, {
      type:
        ({ "0001": "stream", "0002": "dgram", "0005": "seqpacket" } as const)[match[2] as string] ?? "other",
      listening: (Number.parseInt(match[1] as string, 16) & 0x10000) !== 0, // __SO_ACCEPTCON
      connected: match[3] === "03", // SS_CONNECTED
      address: match[5] ?? "",
    });
    if (found.size === inodes.size) break;
  }
  return found;
}

/** The rows of a table behind its heading, read piece by piece. A table that can't be read (no IPv6, ProcSubset=pid) is empty. */
function* rows(path: string): Generator<string> {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    return;
  }
  try {
    const piece = Buffer.allocUnsafe(16_384);
    let rest = "";
    let heading = true;
    for (let length = readSync(fd, piece); length > 0; length = readSync(fd, piece)) {
      const lines = (rest + piece.toString("latin1", 0, length)).split("\n");
      rest = lines.pop() as string;
      for (const line of lines) {
        if (!heading) yield Buffer.from(line, "latin1").toString();
        heading = false;
      }
    }
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

/** `127.0.0.1:80`, `[::1]:80`: as in ListenStream= of systemd.socket(5), the IPv6 form shortened as RFC 5952 says. */
export function formatEndpoint(endpoint: { family: "ipv4" | "ipv6"; address: string; port: number }): string {
  const { address, port } = new SocketAddress(endpoint);
  return endpoint.family === "ipv4" ? `${address}:${port}` : `[${address}]:${port}`;
}
