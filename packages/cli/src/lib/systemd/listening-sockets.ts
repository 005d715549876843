import { type IpSocket, ipSockets, type UnixSocket, unixSockets } from "../shared/socket-tables.ts";

/** A listening socket or a datagram socket. */
export interface ListeningSocket {
  protocol: "tcp" | "udp" | "unix";
  /** As in systemd: `0.0.0.0:80`, `[::]:80`, `/run/shop.sock`, `@shop`. */
  address: string;
  inode: number;
}

/** The listening sockets of a network namespace, by default of this one. */
export function listeningSocketsIn(folder = "/proc/self/net"): ListeningSocket[] {
  return [
    ...(["tcp", "tcp6", "udp", "udp6"] as const).flatMap((table) =>
      [...ipSockets(table, folder)].flatMap((socket) => ipListener(socket, table.startsWith("tcp"))),
    ),
    ...[...unixSockets(folder)].flatMap(unixListener),
  ];
}

/** State 0A is a listening TCP socket, 07 a bound UDP socket. */
function ipListener({ local, st, inode }: IpSocket, isTcp: boolean): ListeningSocket[] {
  if (st !== (isTcp ? "0A" : "07")) return [];
  const [host = "", port = ""] = local.split(":");
  const address = `${ipAddress(host)}:${Number.parseInt(port, 16)}`;
  return [{ protocol: isTcp ? "tcp" : "udp", address, inode }];
}

/**
 * Each group of eight digits is a word in the machine's byte order. Except for s390x, all machines that run
 * Node are little-endian.
 */
function ipAddress(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).toReversed());
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join(".");
  const groups = Array.from({ length: 8 }, (_, index) => `${bytes[2 * index]}${bytes[2 * index + 1]}`);
  // The URL parser returns the short form of an IPv6 address.
  return new URL(`http://[${groups.join(":")}]`).hostname;
}

/** Flag 00010000 means a listening unix socket. */
function unixListener({ flags, inode, path }: UnixSocket): ListeningSocket[] {
  return path !== "" && flags === "00010000" ? [{ protocol: "unix", address: path, inode }] : [];
}
