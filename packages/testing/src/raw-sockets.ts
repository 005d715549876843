import { closeSync, rmSync } from "node:fs";
import koffi from "koffi";

/**
 * The address of a socket, in the syntax of systemd.socket(5): `127.0.0.1:8080`, `[::1]:8080`,
 * `/run/app.sock`, `@abstract`.
 */
export type ListenAddress = string;

const libc = koffi.load(null);
const int = (name: string, ...args: string[]): ((...args: unknown[]) => number) =>
  libc.func(name, "int", args);
const socket = int("socket", "int", "int", "int");
const socketpair = int("socketpair", "int", "int", "int", "void *");
const bind = int("bind", "int", "void *", "uint");
const listen = int("listen", "int", "int");
const connect = int("connect", "int", "void *", "uint");
const pipe = int("pipe2", "void *", "int");
const epoll = int("epoll_create1", "int");
const eventfd = int("eventfd", "uint", "int");
const setsockopt = int("setsockopt", "int", "int", "int", "void *", "uint");
const getsockname = int("getsockname", "int", "void *", "void *");

const FAMILY = { unix: 1, ipv4: 2, ipv6: 10, netlink: 16, vsock: 40 };
/** Without this flag, each program that a test starts at the same time would inherit the socket. */
const CLOEXEC = 0o2000000;
const NONBLOCK = 0o4000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const TYPE = { stream: 1, datagram: 2, raw: 3, seqpacket: 5 };

/**
 * A socket from the kernel, also in a state that Node can't create: not bound, bound but not listening,
 * listening without accept(), connected. The caller closes it with closeSync().
 */
export function rawSocket(
  family: keyof typeof FAMILY,
  type: keyof typeof TYPE,
  {
    bound,
    listening = false,
    backlog = 4096,
    connectedTo,
  }: {
    bound?: ListenAddress;
    listening?: boolean;
    backlog?: number;
    connectedTo?: ListenAddress;
  } = {},
): number {
  const fd = check("socket", socket(FAMILY[family], TYPE[type] | CLOEXEC, 0));
  try {
    if (bound !== undefined) {
      if (bound.startsWith("/")) rmSync(bound, { force: true });
      // As systemd does: connections of an earlier socket may still be in TIME_WAIT.
      const yes = Buffer.from([1, 0, 0, 0]);
      check("setsockopt", setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, yes, yes.length));
      const address = sockaddr(bound);
      check("bind", bind(fd, address, address.length));
    }
    if (listening) check("listen", listen(fd, backlog));
    if (connectedTo !== undefined) {
      const address = sockaddr(connectedTo);
      check("connect", connect(fd, address, address.length));
    }
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return fd;
}

/** Both ends of a connected pair of unix sockets. */
export function rawSocketPair(type: keyof typeof TYPE = "stream"): [number, number] {
  const pair = Buffer.alloc(8);
  check("socketpair", socketpair(FAMILY.unix, TYPE[type] | CLOEXEC | NONBLOCK, 0, pair));
  return [pair.readInt32LE(0), pair.readInt32LE(4)];
}

/** Both ends of a pipe. */
export function rawPipe(): [number, number] {
  const ends = Buffer.alloc(8);
  check("pipe", pipe(ends, CLOEXEC));
  return [ends.readInt32LE(0), ends.readInt32LE(4)];
}

/** An epoll instance that watches nothing. */
export function rawEpoll(): number {
  return check("epoll_create1", epoll(CLOEXEC));
}

/** An eventfd: neither a socket nor a file. */
export function rawEventFd(): number {
  return check("eventfd", eventfd(0, CLOEXEC));
}

/** The port that the kernel chose for a socket bound to port 0. */
export function portOf(fd: number): number {
  const address = Buffer.alloc(28);
  const length = Buffer.alloc(4);
  length.writeInt32LE(address.length);
  check("getsockname", getsockname(fd, address, length));
  return address.readUInt16BE(2);
}

/** Closes descriptors of this process. Programs that inherited copies keep them. */
export function closeAll(fds: readonly number[]): void {
  for (const fd of fds) closeSync(fd);
}

/** struct sockaddr_in, sockaddr_in6 or sockaddr_un: ip(7), ipv6(7), unix(7). */
function sockaddr(address: ListenAddress): Buffer {
  const [, host, port] = /^\[?([^\]]*?)\]?:(\d+)$/.exec(address) ?? [];
  const uint16 = (write: "writeUInt16LE" | "writeUInt16BE", value: number): Buffer => {
    const buffer = Buffer.alloc(2);
    buffer[write](value);
    return buffer;
  };
  if (host === undefined) {
    const name = address.startsWith("@") ? address.replace("@", "\0") : `${address}\0`;
    return Buffer.concat([uint16("writeUInt16LE", FAMILY.unix), Buffer.from(name)]);
  }
  const ipv6 = host.includes(":");
  const start = [
    uint16("writeUInt16LE", ipv6 ? FAMILY.ipv6 : FAMILY.ipv4),
    uint16("writeUInt16BE", Number(port)),
  ];
  if (!ipv6) return Buffer.concat([...start, Buffer.from(host.split(".").map(Number)), Buffer.alloc(8)]);
  if (host !== "::" && host !== "::1") throw new Error(`rawSocket() knows :: and ::1, not ${host}`);
  return Buffer.concat([
    ...start,
    Buffer.alloc(4 + 15),
    Buffer.from([host === "::" ? 0 : 1]),
    Buffer.alloc(4),
  ]);
}

function check(call: string, result: number): number {
  if (result < 0) throw new Error(`${call}() failed with errno ${koffi.errno()}`);
  return result;
}
