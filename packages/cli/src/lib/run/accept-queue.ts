import { list, read, watchedBy } from "../shared/proc.ts";
import { ipSockets, unixSockets } from "../shared/socket-tables.ts";

/** The inodes of sockets with clients that wait to be accepted. Empty without /proc, as on macOS. */
export function withWaitingClients(inodes: ReadonlySet<number>, isDatagram: boolean): number[] {
  const tables = isDatagram ? (["udp", "udp6"] as const) : (["tcp", "tcp6"] as const);
  return [
    ...tables.flatMap((table) => withFullQueue(table, inodes)),
    ...(isDatagram ? [] : withUnixClients(inodes)),
  ];
}

function withFullQueue(table: "tcp" | "tcp6" | "udp" | "udp6", inodes: ReadonlySet<number>): number[] {
  const waiting: number[] = [];
  for (const { st, rxQueue, inode } of ipSockets(table)) {
    // The listening sockets come first. There may be thousands of connections.
    if (table.startsWith("tcp") && st !== "0A") break;
    if (inodes.has(inode) && rxQueue > 0) waiting.push(inode);
  }
  return waiting;
}

/**
 * A client that is not accepted has its own row, with the address of the listener, inode 0, and state 2
 * (SS_CONNECTING).
 */
function withUnixClients(inodes: ReadonlySet<number>): number[] {
  const listeners = new Map<string, number>();
  const addresses = new Set<string>();
  for (const { st, inode, path } of unixSockets()) {
    if (inodes.has(inode)) listeners.set(path, inode);
    else if (st === "02" && inode === 0) addresses.add(path);
  }
  return [...listeners].flatMap(([path, inode]) => (addresses.has(path) ? [inode] : []));
}

/**
 * Whether an event loop of this process, or of one that it has started, waits for connections to one of these
 * sockets: proc_pid_fdinfo(5).
 */
export function isWatched(pid: number, inodes: ReadonlySet<number>): boolean {
  return (
    [...watchedBy(pid)].some((inode) => inodes.has(inode)) ||
    childrenOf(pid).some((child) => isWatched(child, inodes))
  );
}

function childrenOf(pid: number): number[] {
  return list(`/proc/${pid}/task`).flatMap((thread) =>
    read(`/proc/${pid}/task/${thread}/children`).split(" ").filter(Boolean).map(Number),
  );
}
