import { list, read, watchedBy } from "../shared/proc.ts";
import { socketRows } from "../shared/socket-rows.ts";

/** The inodes of sockets with clients that wait to be accepted. Empty without /proc, as on macOS. */
export function withWaitingClients(inodes: ReadonlySet<number>, isDatagram: boolean): number[] {
  const tables = isDatagram ? ["udp", "udp6"] : ["tcp", "tcp6"];
  return [
    ...tables.flatMap((table) => withFullQueue(table, inodes)),
    ...(isDatagram ? [] : withUnixClients(inodes)),
  ];
}

/** For a listening socket, rx_queue in proc_pid_net(5) is the length of the accept queue. */
function withFullQueue(table: string, inodes: ReadonlySet<number>): number[] {
  const waiting: number[] = [];
  for (const row of socketRows(table)) {
    const [, , , state, queues = "", , , , , inode] = row.trim().split(/\s+/);
    // The kernel lists listening sockets first. There may be thousands of connections.
    if (table.startsWith("tcp") && state !== "0A") break;
    if (inodes.has(Number(inode)) && !queues.endsWith(":00000000")) waiting.push(Number(inode));
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
  for (const row of socketRows("unix")) {
    const [, state, inode, address = ""] = /^(?:\S+ +){5}(\S+) +(\d+) ([^]+)$/.exec(row) ?? [];
    if (inodes.has(Number(inode))) listeners.set(address, Number(inode));
    else if (state === "02" && inode === "0") addresses.add(address);
  }
  return [...listeners].flatMap(([address, inode]) => (addresses.has(address) ? [inode] : []));
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
