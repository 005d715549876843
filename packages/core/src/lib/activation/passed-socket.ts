import { fstatSync, statSync } from "node:fs";
import type { Socket } from "node:net";
import process from "node:process";
import { isDeno } from "../shared/runtime.ts";
import { JOURNAL } from "@sockact/shared/records";
import { isWatched } from "./proc/descriptors.ts";

/** A file descriptor that systemd passed to this process. */
export interface ActivatedSocket {
  /** The number of the descriptor: 3 or higher, or 0 with `StandardInput=socket`. */
  readonly fd: number;
  /**
   * The `FileDescriptorName=` of the socket unit. systemd's default is the name of the socket unit, such as
   * `app.socket`, or `connection` with `Accept=yes`. A socket without a name is called `unknown`.
   */
  readonly name: string;
  /**
   * - `listener`: a stream socket that listens, or is ready for a server to listen on.
   * - `connection`: a connected socket (`Accept=yes`).
   * - `datagram`: a UDP socket or a unix datagram socket.
   * - `other`: a file, a pipe, or a sequential-packet socket. Node can't listen on it.
   * - `unknown`: a stream socket that is not in /proc. A server can listen on it if it has an address with a
   *   port other than 0. With `PrivateNetwork=yes`, every socket is `unknown` until a server listens on it,
   *   because /proc/net lists only sockets of its own network namespace.
   */
  readonly kind: "listener" | "connection" | "datagram" | "other" | "unknown";
  /** The address family. It is `unknown` for a socket that is not in /proc, such as a vsock socket. */
  readonly family: "ipv4" | "ipv6" | "unix" | "vsock" | "unknown";
  /**
   * The address in the form of ListenStream= of systemd.socket(5): `127.0.0.1:80`, `[::]:80`,
   * `/run/app.sock`, `@abstract`. For a connection, it is the local address. If the socket is not bound, the
   * address is empty or has port 0. If the address can't be determined, it is null.
   */
  readonly address: string | null;
}

/** A passed file descriptor and its state in this process. */
export interface PassedSocket {
  readonly fd: number;
  readonly name: string;
  /** The classified socket. The first read looks it up in /proc. */
  readonly socket: ActivatedSocket;
  /** Undefined until more than the number and name is needed. */
  classified: ActivatedSocket | undefined;
  /** Undefined for a file or a pipe. */
  readonly inode: number | undefined;
  /**
   * The net.Socket that was opened on the descriptor to classify it. It owns the descriptor, so its handle
   * must be the one that listens. The reference is needed: Node closes the descriptor when the net.Socket is
   * garbage-collected.
   */
  openedSocket: Socket | undefined;
  claimed: boolean;
  /**
   * Whether the descriptor belongs to the primary of this worker of node:cluster. In this process, the same
   * number is another file.
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

/** Whether a descriptor with this name is for sockact itself: it leads to systemd or to the journal. */
export function isForSockact(name: string): boolean {
  return name === "notify" || name === JOURNAL;
}

/**
 * Whether the descriptor comes from a socket unit. `OpenFile=` passes files and the sockets of systemd and the
 * journal, and no server listens on those.
 */
export function isFromSocketUnit(passedSocket: PassedSocket): boolean {
  return (
    passedSocket.inode !== undefined &&
    (!isForSockact(passedSocket.name) || passedSocket.socket.kind === "listener")
  );
}

/** Whether these are connections (`Accept=yes`) and not listeners. */
export function areConnections(sockets: readonly ActivatedSocket[]): boolean {
  return sockets[0]?.kind === "connection";
}

/** Whether clients connect to this socket. They do not connect to a datagram socket or a file. */
export function hasConnections({ socket: { kind } }: PassedSocket): boolean {
  return kind !== "datagram" && kind !== "other";
}

/** Whether a server in this process serves the socket: a server has claimed it, or listens on its number. */
export function isServed({ fd, claimed, fromPrimary }: PassedSocket): boolean {
  return claimed || (!fromPrimary && isWatched(fd));
}

/**
 * Whether clients of this socket get no answer. Three kinds do not count: connections, because they already
 * have their client; sockets in a worker, because the primary checks them; and a descriptor that the app
 * closed before it was classified, because it may have been a connection.
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

/** Whether the descriptor is still the passed file. */
export function isOpen({ fd, inode }: Pick<PassedSocket, "fd" | "inode">): boolean {
  return inode !== undefined && inodeOf(fd) === inode;
}

/** The inode of a socket, undefined for a file or pipe, or null if the descriptor is not open. */
export function inodeOf(fd: number): number | undefined | null {
  try {
    // bigint, because of a bug in Node 20 and 22. With plain numbers, they use this result for the next path:
    // after fstat() of a socket, realpathSync() follows no link, and require() does not find packages that
    // pnpm or npm has linked.
    // fstat() of Deno knows only the descriptors that Deno has opened.
    const options = { bigint: true } as const;
    const stats = isDeno ? statSync(`/proc/self/fd/${fd}`, options) : fstatSync(fd, options);
    return stats.isSocket() ? Number(stats.ino) : undefined;
  } catch {
    return null;
  }
}

/**
 * Whether standard input may be a socket of a socket unit (`StandardInput=socket`), for which systemd sets no
 * LISTEN_ variable. True only if systemd itself started this process, because other parents use sockets as
 * standard input for their own purposes. The check reads no file.
 */
export function isSocketOnStandardInput(): boolean {
  const { SYSTEMD_EXEC_PID, INVOCATION_ID, REMOTE_ADDR } = process.env;
  // systemd 248 and later set SYSTEMD_EXEC_PID.
  const isStarted =
    SYSTEMD_EXEC_PID === undefined
      ? (INVOCATION_ID ?? REMOTE_ADDR) !== undefined
      : SYSTEMD_EXEC_PID === String(process.pid);
  return isStarted && typeof inodeOf(0) === "number";
}
