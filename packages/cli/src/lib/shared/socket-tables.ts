import { closeSync, openSync, readSync } from "node:fs";

/** A row of a table of IP sockets. The names are those of its columns in proc_pid_net(5). */
export interface IpSocket {
  /** Address and port in hexadecimal digits, as in `0100007F:0050`. */
  local: string;
  remote: string;
  /** As in `0A` for a listening TCP socket. */
  st: string;
  /** For a listening TCP socket, `rx_queue` is the length of the accept queue. */
  rxQueue: number;
  /** 0 for a connection that is not accepted, and for one that is closed. */
  inode: number;
}

/** A row of the table of unix sockets. */
export interface UnixSocket {
  flags: string;
  st: string;
  /** 0 for a connection that is not accepted. */
  inode: number;
  /** Empty for a socket without an address. */
  path: string;
}

/** sl, local_address, rem_address, st, tx_queue:rx_queue, tr:tm->when, retrnsmt, uid, timeout, inode. */
const IP_ROW = /: (\S+) (\S+) (\S+) \S+:(\S+) \S+ \S+ +\d+ +\d+ (\d+)/;

/**
 * The sockets in `tcp`, `tcp6`, `udp` or `udp6`, by default of this network namespace. None if the table is
 * unreadable. The kernel lists listening sockets first.
 */
export function* ipSockets(
  table: "tcp" | "tcp6" | "udp" | "udp6",
  folder = "/proc/self/net",
): Generator<IpSocket> {
  const seen = new Set<string>();
  for (const row of rowsOf(table, folder)) {
    const [, local = "", remote = "", st = "", rxQueue = "", inode = ""] = IP_ROW.exec(row) ?? [];
    // Several sockets may have the same address and no peer: SO_REUSEPORT in socket(7).
    if (!isFirst(seen, remote.endsWith(":0000") ? `${local} ${inode}` : `${local} ${remote}`)) continue;
    yield { local, remote, st, rxQueue: Number.parseInt(rxQueue, 16), inode: Number(inode) };
  }
}

/** The unix sockets, by default of this network namespace. */
export function* unixSockets(folder = "/proc/self/net"): Generator<UnixSocket> {
  const seen = new Set<string>();
  for (const row of rowsOf("unix", folder)) {
    const [, address = "", rest = "", flags = "", st = "", inode = "", path = ""] =
      /^(\S+): \S+ (\S+ (\S+) \S+ (\S+) +(\d+)(?: ([^]+))?)$/.exec(row) ?? [];
    // The kernel address may be hidden, and then it is 0: kptr_restrict in proc_sys_kernel(5). A connection
    // that is not accepted has nothing else of its own. The rest is compared because anyone may bind a path
    // with a line break, behind which it has the address of another socket.
    const isKnown = /[^0]/.test(address) || inode !== "0";
    if (!isKnown || isFirst(seen, `${address} ${rest}`)) yield { flags, st, inode: Number(inode), path };
  }
}

/**
 * Each read of a table begins where the last one has ended, by the number of the row if that place is gone.
 * If sockets open and close meanwhile, the kernel lists some of them again.
 */
function isFirst(seen: Set<string>, key: string): boolean {
  return seen.size < seen.add(key).size;
}

/**
 * The kernel returns as many rows as fit into a page, which has 4 KiB or more. No row is longer than half of it,
 * so with less, the table has ended. Another read would make the kernel search all of its hash table again:
 * that takes 1.3 ms with 262,144 entries.
 */
const FULL = 2048;

/** The rows of a table, without the heading. */
function* rowsOf(table: string, folder: string): Generator<string> {
  let fd: number;
  try {
    fd = openSync(`${folder}/${table}`, "r");
  } catch {
    return;
  }
  try {
    const buffer = Buffer.allocUnsafe(65_536);
    let rest = "";
    let isHeading = true;
    for (let length = FULL; length >= FULL;) {
      length = readSync(fd, buffer);
      const rows = (rest + buffer.toString("latin1", 0, length)).split("\n");
      rest = rows.pop() ?? "";
      yield* isHeading ? rows.slice(1) : rows;
      isHeading = false;
    }
  } finally {
    closeSync(fd);
  }
}
