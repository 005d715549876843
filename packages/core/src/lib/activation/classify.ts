import { writeSync } from "node:fs";
import { type AddressInfo, Socket, type SocketConstructorOpts } from "node:net";
import process from "node:process";
import { constants } from "node:os";
import { ActivationError } from "../shared/errors.ts";
import { type ActivatedSocket, inodeOf, type PassedSocket } from "./passed-socket.ts";
import { isEpoll, isUnix } from "./proc/descriptors.ts";
import { findTcpListeners, findUdp, findUnix, formatEndpoint, type UnixRow } from "./proc/socket-tables.ts";

type Facts = Pick<ActivatedSocket, "kind" | "family" | "address">;

/**
 * Classifies each passed descriptor, without native code. First it looks up the inode in the tables of /proc/net, which changes nothing. They do not
 * list a socket of another network namespace: on such a descriptor it opens a socket of Node, which owns the descriptor from then on.
 *
 * @throws ActivationError `ERR_FD_NOT_OPEN`
 */
export function classifyOrOpen(descriptors: readonly Pick<ActivatedSocket, "fd" | "name">[]): PassedSocket[] {
  const inodes = descriptors.map(({ fd }) => passedInode(fd, descriptors.length));
  const inet = new Set<number>();
  const unix = new Set<number>();
  for (const [index, { fd }] of descriptors.entries()) {
    const inode = inodes[index];
    if (inode !== undefined) (isUnix(fd) ? unix : inet).add(inode);
  }
  const tcp = findTcpListeners(inet);
  // Before Linux 5.6 none was known to be a unix socket.
  for (const inode of inet) if (!tcp.has(inode)) unix.add(inode);
  const unixRows = findUnix(unix);

  return descriptors.map(({ fd, name }, index) => {
    const inode = inodes[index];
    const factsOf = (): Facts & { openedSocket?: Socket } => {
      if (inode === undefined) return { kind: "other", family: "unknown", address: null };
      const listener = tcp.get(inode);
      if (listener) return { kind: "listener", ...listener };
      const row = unixRows.get(inode);
      if (row) return fromUnixRow(row);
      // A message written by mistake would be one to the service manager.
      if (name === "notify") return { kind: "unknown", family: "unknown", address: null };
      return openToClassify(fd, inode);
    };
    const { openedSocket, ...facts } = factsOf();
    return {
      socket: Object.freeze({ fd, name, ...facts }),
      inode,
      openedSocket,
      claimed: false,
      fromPrimary: false,
    };
  });
}

/** The inode of a socket; undefined for a file or a pipe. */
function passedInode(fd: number, announced: number): number | undefined {
  const inode = inodeOf(fd);
  // Node opens its epoll descriptor first thing: on the lowest number that was not passed.
  if (inode !== null && !isEpoll(fd)) return inode;
  throw new ActivationError(
    "ERR_FD_NOT_OPEN",
    `LISTEN_FDS announces ${announced} file descriptors, but ${fd} was not passed`,
    "Whatever starts this process kept the variables and closed the descriptors: let ExecStart= run node itself.",
    { errno: -constants.errno.EBADF },
  );
}

/** Classifies sockets of another process by their inodes, and opens nothing. Sockets of another network namespace are missing from the result. */
export function classifyInodes(inodes: ReadonlySet<number>): ReadonlyMap<number, Facts> {
  const tcp = Array.from(
    findTcpListeners(inodes),
    ([inode, listener]) => [inode, { kind: "listener", ...listener }] as const,
  );
  const unix = Array.from(findUnix(inodes), ([inode, row]) => [inode, fromUnixRow(row)] as const);
  return new Map<number, Facts>([...tcp, ...unix]);
}

function fromUnixRow({ type, listening, connected, address }: UnixRow): Facts {
  const kind =
    type === "dgram"
      ? "datagram"
      : type !== "stream"
        ? "other"
        : listening
          ? "listener"
          : connected
            ? "connection"
            : "unknown";
  return { kind, family: "unix", address };
}

/** Opens a socket of Node on the descriptor, to read the type and the address from it. */
function openToClassify(fd: number, inode: number): Facts & { openedSocket?: Socket } {
  let openedSocket: Socket;
  try {
    // Does not read, so nothing is taken from a connection. When Node refuses the type, the descriptor is untouched.
    openedSocket = new Socket({ fd, manualStart: true } as SocketConstructorOpts);
  } catch (error) {
    if (!String(error).includes("UDP")) return { kind: "other", family: "unknown", address: null };
    return { kind: "datagram", family: "unknown", address: null, ...findUdp(inode) };
  }
  // A stream socket of an internet family gives its address, even that of another network namespace.
  const local = openedSocket.address() as Partial<AddressInfo>;
  if (local.address !== undefined) {
    const family = local.family === "IPv6" ? "ipv6" : "ipv4";
    // A client that has already gone leaves no address behind, but systemd has seen one (Accept=yes).
    const isConnection = openedSocket.remoteAddress !== undefined || process.env["REMOTE_ADDR"] !== undefined;
    const kind = isConnection ? "connection" : "unknown";
    return {
      kind,
      family,
      address: formatEndpoint({ family, address: local.address, port: local.port ?? 0 }),
      openedSocket,
    };
  }
  return { ...pipeFacts(fd), family: "unix", openedSocket };
}

/** A unix socket of another network namespace: only Node's diagnostic report asks the kernel for its name (getsockname(2)). */
function pipeFacts(fd: number): Pick<Facts, "kind" | "address"> {
  const report = process.report as typeof process.report & { excludeNetwork?: boolean };
  const before = report.excludeNetwork;
  report.excludeNetwork = true;
  try {
    const { libuv } = report.getReport() as unknown as { libuv: ReportedHandle[] };
    const handle = libuv.find((candidate) => candidate.type === "pipe" && candidate.fd === fd);
    return {
      kind: isConnected(fd) ? "connection" : "unknown",
      address: handle === undefined ? null : (handle.localEndpoint?.replace(/^\0/, "@") ?? ""),
    };
  } finally {
    report.excludeNetwork = before as boolean;
  }
}

interface ReportedHandle {
  type: string;
  fd?: number;
  localEndpoint?: string | null;
}

/**
 * Writes nothing: a unix socket that has no peer refuses even that (ENOTCONN), and one whose peer has gone does so in another way (EPIPE).
 */
function isConnected(fd: number): boolean {
  try {
    writeSync(fd, "");
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPIPE";
  }
}
