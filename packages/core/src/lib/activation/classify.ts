import { writeSync } from "node:fs";
import { type AddressInfo, Socket, type SocketConstructorOpts } from "node:net";
import process from "node:process";
import { constants } from "node:os";
import { activation } from "./activation.ts";
import { ActivationError } from "../shared/errors.ts";
import { type ActivatedSocket, inodeOf, isOpen, type PassedSocket } from "./passed-socket.ts";
import { isEpoll, isUnix } from "./proc/descriptors.ts";
import { findTcpListeners, findUdp, findUnix, type UnixRow } from "./proc/socket-tables.ts";

type Facts = Pick<ActivatedSocket, "kind" | "family" | "address">;

const NOTHING_KNOWN = { family: "unknown", address: null } as const;

/**
 * Finds out that each of these descriptors was passed, and which are sockets. What kind of socket it is waits until something needs it.
 *
 * @throws ActivationError `ERR_FD_NOT_OPEN`
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
 * Classifies the sockets that are still to be, without native code. First it looks up the inode in the tables of /proc/net, which changes nothing. They do not
 * list a socket of another network namespace: on such a descriptor it opens a socket of Node, which owns the descriptor from then on.
 */
export function classify(passed: readonly PassedSocket[]): void {
  classifyFromTables(passed);
  for (const passedSocket of passed.filter(isUnclassified)) {
    const { inode, name } = passedSocket;
    // A message written by mistake would be one to the service manager.
    const facts: Facts =
      inode === undefined || name === "notify"
        ? { kind: "unknown", ...NOTHING_KNOWN }
        : factsByOpening(passedSocket, inode);
    passedSocket.classified = socketWith(passedSocket, facts);
  }
}

/** Classifies those that the tables of /proc/net list, and opens nothing. The others stay as they are. */
export function classifyFromTables(passed: readonly PassedSocket[]): void {
  const unclassified = passed.filter(isUnclassified);
  const inet = new Set<number>();
  const unix = new Set<number>();
  for (const { fd, inode } of unclassified) if (inode !== undefined) (isUnix(fd) ? unix : inet).add(inode);
  const tcp = findTcpListeners(inet);
  // Before Linux 5.6 none was known to be a unix socket.
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
 * Classifies the sockets that a server is about to serve. It opens them, as serving does anyway, and the kernel reports the type and the addresses. To read
 * /proc/net instead, the kernel would walk the table of all TCP connections, which takes milliseconds on a machine with much memory. `classify()` does the rest.
 *
 * @returns those that it has opened: Node refuses to open what its event loop waits for already (EEXIST), so nothing in this thread serves them
 */
export function openAndClassify(passed: readonly PassedSocket[]): PassedSocket[] {
  const opened: PassedSocket[] = [];
  for (const passedSocket of passed.filter(isUnclassified)) {
    const { inode, name } = passedSocket;
    if (inode === undefined || name === "notify") continue;
    const facts = inetFactsByOpening(passedSocket, inode);
    if (facts !== undefined) passedSocket.classified = socketWith(passedSocket, facts);
    if (passedSocket.openedSocket !== undefined) opened.push(passedSocket);
  }
  classify(passed);
  return opened;
}

/** Whether a descriptor is still to be classified, and is what was passed: the app may have closed it, and its number be that of another file. */
function isUnclassified(passedSocket: PassedSocket): boolean {
  return passedSocket.classified === undefined && (passedSocket.inode === undefined || isOpen(passedSocket));
}

function socketWith({ fd, name }: PassedSocket, facts: Facts): ActivatedSocket {
  return Object.freeze({ fd, name, ...facts });
}

/** The inode of a socket; undefined for a file or a pipe. */
function passedInode(fd: number, announced: number): number | undefined {
  const inode = inodeOf(fd);
  // Node opens its epoll descriptor first thing: on the lowest number that was not passed.
  if (inode !== null && (inode !== undefined || !isEpoll(fd))) return inode;
  throw new ActivationError(
    "ERR_FD_NOT_OPEN",
    `LISTEN_FDS announces ${announced} file descriptors, but descriptor ${fd} was not passed`,
    "The program that started this process has kept the variables, but closed the descriptors. Let ExecStart= run node itself.",
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
function factsByOpening(passedSocket: PassedSocket, inode: number): Facts {
  const opened = open(passedSocket);
  if (opened === "datagram") return { kind: "datagram", ...NOTHING_KNOWN, ...findUdp(inode) };
  if (typeof opened === "string") return { kind: opened, ...NOTHING_KNOWN };
  const endpoint = endpointOf(opened);
  if (endpoint === undefined) return { ...pipeFacts(passedSocket.fd), family: "unix" };
  // A client that has already gone leaves no address behind, but systemd has seen one (Accept=yes).
  const isConnection = opened.remoteAddress !== undefined || process.env["REMOTE_ADDR"] !== undefined;
  return { kind: isConnection ? "connection" : "unknown", ...endpoint };
}

/** The same of an internet socket that a server is about to serve; undefined where only /proc can tell. */
function inetFactsByOpening(passedSocket: PassedSocket, inode: number): Facts | undefined {
  const opened = open(passedSocket);
  if (opened === "datagram") return { kind: "datagram", ...NOTHING_KNOWN, ...findUdp(inode) };
  const endpoint = typeof opened === "string" ? undefined : endpointOf(opened);
  if (typeof opened === "string" || endpoint === undefined) return undefined;
  if (opened.remoteAddress !== undefined) return { kind: "connection", ...endpoint };
  if (process.env["REMOTE_ADDR"] !== undefined) return undefined;
  // With an address and no peer, listen(2) makes it a listener if it is none yet.
  return { kind: endpoint.address.endsWith(":0") ? "unknown" : "listener", ...endpoint };
}

/** Opens a socket of Node on the descriptor, once. When Node refuses the type, or its loop waits for the descriptor already, the descriptor is untouched. */
function open(passedSocket: PassedSocket): Socket | "datagram" | "other" | "unknown" {
  try {
    // Does not read, so nothing is taken from a connection.
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

/** A stream socket of an internet family gives its address, even that of another network namespace. */
function endpointOf(socket: Socket): { family: "ipv4" | "ipv6"; address: string } | undefined {
  const { address, family, port } = socket.address() as Partial<AddressInfo>;
  if (address === undefined) return undefined;
  // Node adds the name of the interface to a link-local address, and /proc does not.
  return family === "IPv6"
    ? { family: "ipv6", address: `[${address.replace(/%.*/, "")}]:${port}` }
    : { family: "ipv4", address: `${address}:${port}` };
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
