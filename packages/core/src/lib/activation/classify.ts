import { writeSync } from "node:fs";
import { type AddressInfo, Socket, type SocketConstructorOpts } from "node:net";
import process from "node:process";
import { constants } from "node:os";
import { activation } from "./activation.ts";
import { ActivationError } from "../shared/errors.ts";
import { type ActivatedSocket, inodeOf, isForSockact, isOpen, type PassedSocket } from "./passed-socket.ts";
import { isBun, isDeno } from "../shared/runtime.ts";
import { checkDenoPermission } from "../shared/runtime-errors.ts";
import { isEpoll, isUnix } from "./proc/descriptors.ts";
import { findTcpListeners, findUdp, findUnix, type UnixRow } from "./proc/socket-tables.ts";

type Facts = Pick<ActivatedSocket, "kind" | "family" | "address">;

const NOTHING_KNOWN = { family: "unknown", address: null } as const;

/**
 * Checks these passed descriptors, and finds the sockets among them. Their kinds are looked up later.
 *
 * @throws ActivationError `SOCKACT_ERR_FD_NOT_OPEN`
 */
export function findPassed(descriptors: readonly Pick<ActivatedSocket, "fd" | "name">[]): PassedSocket[] {
  return descriptors.map(({ fd, name }) => ({
    fd,
    name,
    inode: passedInode(fd, descriptors.length),
    classified: undefined,
    openedSocket: undefined,
    claimed: activation.numbersInUse.has(fd),
    fromPrimary: false,
    get socket(): ActivatedSocket {
      classify([this]);
      return this.classified ?? socketWith(this, { kind: "unknown", ...NOTHING_KNOWN });
    },
  }));
}

/**
 * Classifies sockets without native code. First it searches /proc/net for their inodes, which has no side
 * effects. Sockets of another network namespace are not there. For these, it opens a net.Socket, which then
 * owns the descriptor.
 */
export function classify(passed: readonly PassedSocket[]): void {
  classifyFromTables(passed);
  for (const passedSocket of passed.filter(isUnclassified)) {
    const { inode, name } = passedSocket;
    // Sockets that are for sockact itself are not opened, because a byte written to one would be a message to
    // the service manager or the journal.
    const facts: Facts =
      inode === undefined || isForSockact(name)
        ? { kind: "unknown", ...NOTHING_KNOWN }
        : factsByOpening(passedSocket, inode);
    passedSocket.classified = socketWith(passedSocket, facts);
  }
}

/** Classifies the sockets in /proc/net. Opens nothing. Other sockets stay unclassified. */
export function classifyFromTables(passed: readonly PassedSocket[]): void {
  const unclassified = passed.filter(isUnclassified);
  const inet = new Set<number>();
  const unix = new Set<number>();
  for (const { fd, inode } of unclassified) if (inode !== undefined) (isUnix(fd) ? unix : inet).add(inode);
  const tcp = findTcpListeners(inet);
  // Before Linux 5.6, isUnix() is always false.
  for (const inode of inet) if (!tcp.has(inode)) unix.add(inode);
  const unixRows = findUnix(unix);

  for (const passedSocket of unclassified) {
    const { inode } = passedSocket;
    const factsOf = (): Facts | undefined => {
      if (inode === undefined) return { kind: "other", ...NOTHING_KNOWN };
      const listener = tcp.get(inode);
      if (listener) return { kind: "listener", ...listener };
      const row = unixRows.get(inode);
      return row && fromUnixRow(row);
    };
    const facts = factsOf();
    if (facts) passedSocket.classified = socketWith(passedSocket, facts);
  }
}

/**
 * Classifies the sockets that a server is about to serve. It opens them, as serving does anyway, and the
 * kernel reports types and addresses. Reading /proc/net would make the kernel iterate over the table of all
 * TCP connections, which takes milliseconds on a machine with much memory. `classify()` handles the rest.
 *
 * @returns the opened sockets. Nothing in this thread serves them, because Node can't open a descriptor that
 *   its event loop watches (EEXIST).
 */
export function openAndClassify(passed: readonly PassedSocket[]): PassedSocket[] {
  // Deno can't listen on a unix socket that it has opened, and Bun can't tell the address.
  const candidates = isDeno || isBun ? [] : passed.filter(isUnclassified);
  for (const passedSocket of candidates) {
    const { inode, name } = passedSocket;
    if (inode === undefined || isForSockact(name)) continue;
    const facts = inetFactsByOpening(passedSocket, inode);
    if (facts !== undefined) passedSocket.classified = socketWith(passedSocket, facts);
  }
  classify(passed);
  return (isDeno ? passed : candidates).filter(({ openedSocket }) => openedSocket !== undefined);
}

/**
 * Whether a descriptor is unclassified and still the passed one. The app may have closed it, and its number
 * may belong to another file.
 */
function isUnclassified(passedSocket: PassedSocket): boolean {
  return passedSocket.classified === undefined && (passedSocket.inode === undefined || isOpen(passedSocket));
}

/** Adds the address that node:dgram has read to a datagram socket of another network namespace. */
export function classifyWith(passedSocket: PassedSocket, address: AddressInfo): void {
  passedSocket.classified = socketWith(passedSocket, { kind: "datagram", ...formatEndpoint(address) });
}

function socketWith({ fd, name }: PassedSocket, facts: Facts): ActivatedSocket {
  return Object.freeze({ fd, name, ...facts });
}

/** The inode of a socket; undefined for a file or a pipe. */
function passedInode(fd: number, announced: number): number | undefined {
  const inode = inodeOf(fd);
  // Node first opens its epoll descriptor, on the lowest number that was not passed.
  if (inode !== null && (inode !== undefined || !isEpoll(fd))) return inode;
  if (isDeno) checkDenoPermission(fd);
  throw new ActivationError(
    "SOCKACT_ERR_FD_NOT_OPEN",
    `LISTEN_FDS announces ${announced} file descriptors, but descriptor ${fd} was not passed`,
    "The program that started this process has kept the variables, but closed the descriptors. Make ExecStart= run node directly.",
    { errno: -constants.errno.EBADF },
  );
}

/**
 * Classifies sockets of another process by inode. Opens nothing. Sockets of another network namespace are
 * missing in the result.
 */
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

/** Opens a net.Socket on the descriptor to read its type and address. */
function factsByOpening(passedSocket: PassedSocket, inode: number): Facts {
  // Deno and Bun can't open a UDP socket.
  const udp = isDeno || isBun ? findUdp(inode) : undefined;
  if (udp !== undefined) return { kind: "datagram", ...udp };
  const opened = open(passedSocket);
  if (opened === "datagram") return { kind: "datagram", ...NOTHING_KNOWN, ...findUdp(inode) };
  if (typeof opened === "string") return { kind: opened, ...NOTHING_KNOWN };
  const endpoint = endpointOf(opened);
  if (endpoint === undefined) return { ...pipeFacts(passedSocket.fd), family: "unix" };
  // If the client has disconnected, there is no remote address. But with Accept=yes, systemd sets
  // REMOTE_ADDR.
  const isConnection = opened.remoteAddress !== undefined || process.env["REMOTE_ADDR"] !== undefined;
  return { kind: isConnection ? "connection" : "unknown", ...endpoint };
}

/**
 * The same for an internet socket that a server is about to serve. Undefined if only /proc has the answer.
 */
function inetFactsByOpening(passedSocket: PassedSocket, inode: number): Facts | undefined {
  const opened = open(passedSocket);
  if (opened === "datagram") return { kind: "datagram", ...NOTHING_KNOWN, ...findUdp(inode) };
  const endpoint = typeof opened === "string" ? undefined : endpointOf(opened);
  if (typeof opened === "string" || endpoint === undefined) return undefined;
  if (opened.remoteAddress !== undefined) return { kind: "connection", ...endpoint };
  if (process.env["REMOTE_ADDR"] !== undefined) return undefined;
  // It has an address and no peer, so listen(2) can make it a listener.
  return { kind: endpoint.address.endsWith(":0") ? "unknown" : "listener", ...endpoint };
}

/**
 * Opens a net.Socket on the descriptor, once. If Node rejects the type, or its event loop already watches the
 * descriptor, the descriptor is unchanged.
 */
function open(passedSocket: PassedSocket): Socket | "datagram" | "other" | "unknown" {
  try {
    // The socket does not read, so no data of a connection is lost.
    passedSocket.openedSocket ??= new Socket({
      fd: passedSocket.fd,
      manualStart: true,
    } as SocketConstructorOpts);
    return passedSocket.openedSocket;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return "unknown";
    return String(error).includes("UDP") ? "datagram" : "other";
  }
}

/**
 * The address of an internet stream socket, even in another network namespace. Undefined for other sockets.
 */
function endpointOf(socket: Socket): { family: "ipv4" | "ipv6"; address: string } | undefined {
  const { address, family, port } = socket.address() as Partial<AddressInfo>;
  return address === undefined ? undefined : formatEndpoint({ address, family, port } as AddressInfo);
}

function formatEndpoint({ address, family, port }: AddressInfo): {
  family: "ipv4" | "ipv6";
  address: string;
} {
  // Node adds the interface to a link-local address. /proc does not, so it is removed.
  return family === "IPv6"
    ? { family: "ipv6", address: `[${address.replace(/%.*/, "")}]:${port}` }
    : { family: "ipv4", address: `${address}:${port}` };
}

/**
 * Classifies a unix socket of another network namespace. In Node, only the diagnostic report calls
 * getsockname(2) for it.
 */
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
 * Whether a unix socket is connected. Writes zero bytes, which fails with ENOTCONN without a peer, and with
 * EPIPE if the peer has closed.
 */
function isConnected(fd: number): boolean {
  try {
    writeSync(fd, "");
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPIPE";
  }
}
