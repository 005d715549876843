import { fstatSync } from "node:fs";
import type { Socket } from "node:net";
import { isWatched } from "./proc/descriptors.ts";

/** One file descriptor that was passed to this process. */
export interface ActivatedSocket {
  /** The number of the descriptor: 3 and up; 0 with `StandardInput=socket`. */
  readonly fd: number;
  /**
   * The `FileDescriptorName=`: by default the socket unit's own name, such as `app.socket`, and `connection` with `Accept=yes`; `unknown`
   * when none was passed.
   */
  readonly name: string;
  /**
   * - `listener`: a stream socket that listens, or on which `listen()` or an adapter makes a server listen.
   * - `connection`: a connected socket (`Accept=yes`).
   * - `datagram`: UDP, or a unix datagram socket.
   * - `other`: a file, a pipe, a sequential-packet socket: nothing that Node can listen on.
   * - `unknown`: a stream socket of which /proc says nothing. With an address other than port 0 it can be listened on: so it
   *   is with each socket when the service has `PrivateNetwork=yes` and no server listens yet, since /proc/net lists only its own namespace.
   */
  readonly kind: "listener" | "connection" | "datagram" | "other" | "unknown";
  /** `unknown` where only the kernel knows, as for a vsock, which /proc does not list. */
  readonly family: "ipv4" | "ipv6" | "unix" | "vsock" | "unknown";
  /**
   * `127.0.0.1:80`, `[::]:80`, `/run/app.sock`, `@abstract`: as in ListenStream= of systemd.socket(5). Of a connection, this end's.
   * Port 0, or an empty text, when the socket is not bound. Null when it can't be known.
   */
  readonly address: string | null;
}

/** One passed file descriptor, and what this process did with it. */
export interface PassedSocket {
  readonly fd: number;
  readonly name: string;
  /** What is known of it. Looks it up in /proc at the first use, unless it has been classified before. */
  readonly socket: ActivatedSocket;
  /** Undefined until something needs more than the number and the name. */
  classified: ActivatedSocket | undefined;
  /** Undefined for a file or a pipe. */
  readonly inode: number | undefined;
  /**
   * A socket of Node that was opened on the descriptor to classify it. It owns the descriptor from then on: so it has to listen, and it is kept here, since
   * Node closes the descriptor of one that nothing refers to.
   */
  openedSocket: Socket | undefined;
  claimed: boolean;
  /** In a worker of node:cluster: it is the primary that has it, under this number. What this process has there is something else. */
  readonly fromPrimary: boolean;
}

/** `http (fd 3, [::]:80)`; one that was passed without a name is `a socket without a name`. */
export function formatSocket({ name, fd, address }: ActivatedSocket): string {
  const called = name === "unknown" ? "a socket without a name" : name;
  return `${called} (fd ${[fd, ...(address ? [address] : [])].join(", ")})`;
}

/** `http (fd 3, listener, [::]:80)` */
export function formatSocketWithKind({ name, fd, kind, address }: ActivatedSocket): string {
  return `${name} (fd ${[fd, kind, ...(address ? [address] : [])].join(", ")})`;
}

/** Whether a socket unit passed this one, rather than `OpenFile=`: its files and the notify socket are for the app alone. */
export function isFromSocketUnit(passedSocket: PassedSocket): boolean {
  return (
    passedSocket.inode !== undefined &&
    (passedSocket.name !== "notify" || passedSocket.socket.kind === "listener")
  );
}

/** Whether something in this process serves it: a server that has taken it, or one that was told its number. */
export function isServed({ fd, claimed, fromPrimary }: PassedSocket): boolean {
  return claimed || (!fromPrimary && isWatched(fd));
}

/**
 * Whether clients wait at this socket in vain. A connection has its client already; of a cluster, the primary sees to it. What the app has closed before
 * anything looked at it may have been a connection.
 */
export function isUnserved(passedSocket: PassedSocket): boolean {
  return (
    !passedSocket.fromPrimary &&
    isFromSocketUnit(passedSocket) &&
    passedSocket.name !== "stored" &&
    !isServed(passedSocket) &&
    (passedSocket.classified !== undefined || isOpen(passedSocket)) &&
    passedSocket.socket.kind !== "connection"
  );
}

/** Whether the descriptor is still what was passed. */
export function isOpen({ fd, inode }: Pick<PassedSocket, "fd" | "inode">): boolean {
  return inode !== undefined && inodeOf(fd) === inode;
}

/** The inode of a socket; undefined for a file or a pipe, null when nothing is open. */
export function inodeOf(fd: number): number | undefined | null {
  try {
    // As bigints, since Node 20 and 22 take the plain numbers that fstat() leaves behind for those of the next path: after a
    // socket's, realpathSync() follows no link, and require() finds no package that pnpm or npm has linked.
    const stats = fstatSync(fd, { bigint: true });
    return stats.isSocket() ? Number(stats.ino) : undefined;
  } catch {
    return null;
  }
}
