import { fstatSync } from "node:fs";
import type { Socket } from "node:net";
import process from "node:process";
import { isWatched } from "./proc/descriptors.ts";

/** One file descriptor that was passed to this process. */
export interface ActivatedSocket {
  /** The number of the descriptor: 3 or higher, or 0 with `StandardInput=socket`. */
  readonly fd: number;
  /**
   * The `FileDescriptorName=` of the socket unit. Its default is the name of the socket unit, such as
   * `app.socket`, or `connection` with `Accept=yes`. If the socket was passed without a name, it is
   * `unknown`.
   */
  readonly name: string;
  /**
   * - `listener`: a stream socket that listens, or on which a server is about to listen.
   * - `connection`: a connected socket (`Accept=yes`).
   * - `datagram`: a UDP socket, or a unix datagram socket.
   * - `other`: a file, a pipe, or a sequential-packet socket. Node can't listen on it.
   * - `unknown`: a stream socket that /proc does not list. A server can listen on it if it has an address
   *   with a port other than 0. With `PrivateNetwork=yes`, each socket is `unknown` until a server listens on
   *   it, because /proc/net lists only the sockets of its own network namespace.
   */
  readonly kind: "listener" | "connection" | "datagram" | "other" | "unknown";
  /** The family of the address. It is `unknown` for a socket that /proc does not list, such as a vsock. */
  readonly family: "ipv4" | "ipv6" | "unix" | "vsock" | "unknown";
  /**
   * The address, as in ListenStream= of systemd.socket(5): `127.0.0.1:80`, `[::]:80`, `/run/app.sock`,
   * `@abstract`. For a connection, it is the local address. It has port 0, or is empty, if the socket is not
   * bound. It is null if it can't be determined.
   */
  readonly address: string | null;
}

/** One passed file descriptor, and its state in this process. */
export interface PassedSocket {
  readonly fd: number;
  readonly name: string;
  /** The classified socket. If it is not classified yet, the first use looks it up in /proc. */
  readonly socket: ActivatedSocket;
  /** Undefined until something needs more than the number and the name. */
  classified: ActivatedSocket | undefined;
  /** Undefined for a file or a pipe. */
  readonly inode: number | undefined;
  /**
   * The net.Socket that was opened on the descriptor to classify it. From then on it owns the descriptor, so
   * its handle must be the one that listens. It is kept here, because Node would close the descriptor when
   * the net.Socket is garbage-collected.
   */
  openedSocket: Socket | undefined;
  claimed: boolean;
  /**
   * Whether the primary of this worker of node:cluster has the descriptor. Under the same number, this
   * process has something else.
   */
  readonly fromPrimary: boolean;
}

/**
 * Returns `http (fd 3, [::]:80)`. A socket that was passed without a name is called
 * `a socket without a name`.
 */
export function formatSocket({ name, fd, address }: ActivatedSocket): string {
  const called = name === "unknown" ? "a socket without a name" : name;
  return `${called} (fd ${[fd, ...(address ? [address] : [])].join(", ")})`;
}

/** Returns `http (fd 3, listener, [::]:80)`. */
export function formatSocketWithKind({ name, fd, kind, address }: ActivatedSocket): string {
  return `${name} (fd ${[fd, kind, ...(address ? [address] : [])].join(", ")})`;
}

/**
 * Whether a socket unit has passed this descriptor. `OpenFile=` passes files and the notify socket, which no
 * server serves.
 */
export function isFromSocketUnit(passedSocket: PassedSocket): boolean {
  return (
    passedSocket.inode !== undefined &&
    (passedSocket.name !== "notify" || passedSocket.socket.kind === "listener")
  );
}

/** Whether these are connections (`Accept=yes`), not listeners. The process was started for them. */
export function areConnections(sockets: readonly ActivatedSocket[]): boolean {
  return sockets[0]?.kind === "connection";
}

/** Whether clients connect to this socket. Nobody connects to a datagram socket or a file. */
export function hasConnections({ socket: { kind } }: PassedSocket): boolean {
  return kind !== "datagram" && kind !== "other";
}

/** Whether a server in this process serves it: one that has claimed it, or one that listens on its number. */
export function isServed({ fd, claimed, fromPrimary }: PassedSocket): boolean {
  return claimed || (!fromPrimary && isWatched(fd));
}

/**
 * Whether clients of this socket get no answer. Connections do not count, because they have their client
 * already. The sockets of a worker do not count, because the primary looks after them. A descriptor that the
 * app has closed before it was classified does not count either, because it may have been a connection.
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

/** The inode of a socket. Undefined for a file or a pipe, and null if the descriptor is not open. */
export function inodeOf(fd: number): number | undefined | null {
  try {
    // With plain numbers, Node 20 and 22 would take the result for that of the next path: after fstat() of a
    // socket, realpathSync() follows no link, and require() finds no package that pnpm or npm has linked. So
    // this uses bigints.
    const stats = fstatSync(fd, { bigint: true });
    return stats.isSocket() ? Number(stats.ino) : undefined;
  } catch {
    return null;
  }
}

/**
 * Whether standard input may be a socket of a socket unit (`StandardInput=socket`). systemd sets no LISTEN_
 * variable for it. This is true only if systemd has started this very process, because any other parent may
 * use a socket as standard input for its own purposes. The check is fast, and reads nothing.
 */
export function isSocketOnStandardInput(): boolean {
  const { SYSTEMD_EXEC_PID, INVOCATION_ID, REMOTE_ADDR } = process.env;
  // systemd sets SYSTEMD_EXEC_PID since version 248.
  const isStarted =
    SYSTEMD_EXEC_PID === undefined
      ? (INVOCATION_ID ?? REMOTE_ADDR) !== undefined
      : SYSTEMD_EXEC_PID === String(process.pid);
  return isStarted && typeof inodeOf(0) === "number";
}
