import { openAndClassify } from "../activation/classify.ts";
import { debug } from "../shared/debug.ts";
import { isVariableSet } from "../shared/environment-options.ts";
import type { ActivationError } from "../shared/errors.ts";
import {
  type ActivatedSocket,
  formatSocketWithKind,
  hasConnections,
  isForSockact,
  isFromSocketUnit,
  isServed,
  type PassedSocket,
} from "../activation/passed-socket.ts";
import {
  claimedError,
  connectionError,
  datagramKindError,
  familyError,
  kindError,
  namesError,
  unboundError,
  usedError,
} from "./claim-errors.ts";
import { refuseProxied } from "../proxy-protocol/variable.ts";
import { scheduleUnservedWarning } from "../activation/unserved.ts";
import { processState } from "../shared/process-state.ts";

/**
 * Selects the sockets with these names for a server, for the caller to claim. Without names, selects every
 * unserved listener. If only connections were passed (`Accept=yes`), selects the connections.
 *
 * @throws ActivationError `SOCKACT_ERR_NAME_UNKNOWN`, `SOCKACT_ERR_SOCKET_CLAIMED`,
 *   `SOCKACT_ERR_SOCKET_DATAGRAM`, `SOCKACT_ERR_SOCKET_CONNECTED`, `SOCKACT_ERR_SOCKET_UNBOUND`,
 *   `SOCKACT_ERR_SOCKET_UNSUPPORTED`
 */
export function selectForServer(
  sockets: readonly PassedSocket[],
  names: readonly string[] | undefined,
): readonly PassedSocket[] {
  const candidates = names === undefined ? sockets : socketsNamed(sockets, names);
  const opened = new Set(openAndClassify(candidates.filter(({ claimed }) => !claimed)));
  const isTaken: IsTaken = (passedSocket) => !opened.has(passedSocket) && isServed(passedSocket);
  return names === undefined ? freeListeners(candidates, isTaken) : checkServeable(candidates, isTaken);
}

/** Like isServed(), but faster. */
type IsTaken = (passedSocket: PassedSocket) => boolean;

/**
 * Claims the first unserved socket with this name, for use by the app itself.
 *
 * @throws ActivationError `SOCKACT_ERR_NAME_UNKNOWN`, `SOCKACT_ERR_SOCKET_CLAIMED`, `SOCKACT_ERR_OPTION` if
 *   its connections begin with a PROXY header
 */
export function claimByName(sockets: readonly PassedSocket[], name: string): PassedSocket {
  const passedSocket = firstUnserved(socketsNamed(sockets, [name]), USED_TWICE);
  if (isVariableSet("proxyProtocol"))
    refuseProxied(passedSocket, () => hasConnections(passedSocket), `claimSocket("${name}")`);
  claimSockets([passedSocket]);
  return passedSocket;
}

/**
 * Finds the first unserved datagram socket with this name, or the first of all without a name. The caller
 * claims it when it is bound.
 *
 * @throws ActivationError `SOCKACT_ERR_NAME_UNKNOWN`, `SOCKACT_ERR_SOCKET_CLAIMED`,
 *   `SOCKACT_ERR_SOCKET_STREAM`, `SOCKACT_ERR_SOCKET_UNSUPPORTED`, `SOCKACT_ERR_SOCKET_FAMILY`
 */
export function findDatagramSocket(
  sockets: readonly PassedSocket[],
  name: string | undefined,
  type: "udp4" | "udp6",
): PassedSocket {
  const candidates =
    name === undefined
      ? sockets.filter(
          (passedSocket) => passedSocket.socket.kind === "datagram" && isFromSocketUnit(passedSocket),
        )
      : socketsNamed(sockets, [name]);
  const [first = sockets.find(isFromSocketUnit) as PassedSocket] = candidates;
  const passedSocket = candidates.length === 0 ? first : firstUnserved(candidates, BOUND_TWICE);
  const refusal = datagramRefusalOf(passedSocket.socket, type);
  if (refusal) throw refusal;
  return passedSocket;
}

/** Marks these sockets as claimed, and restarts the timer of the warning about unserved sockets. */
export function claimSockets(sockets: readonly PassedSocket[]): void {
  for (const passedSocket of sockets) passedSocket.claimed = true;
  debug(() => `claimed ${sockets.map(({ socket }) => formatSocketWithKind(socket)).join("; ")}`);
  scheduleUnservedWarning();
}

const USED_TWICE =
  "claimSocket() gives a socket once: keep what it has returned. If a server has claimed the socket, name the sockets of that server: systemdListen({ name }).";

const BOUND_TWICE =
  "Call bindDatagram() once for each passed socket, and name them: bindDatagram(socket, { name }).";

/** @throws ActivationError `SOCKACT_ERR_SOCKET_CLAIMED` */
function firstUnserved(candidates: readonly PassedSocket[], hint: string): PassedSocket {
  const free = candidates.find((passedSocket) => !isServed(passedSocket));
  if (free !== undefined) return free;
  throw usedError(candidates, hint);
}

/**
 * Checks that a socket with each of these names was passed.
 *
 * @throws ActivationError `SOCKACT_ERR_NAME_UNKNOWN`
 */
export function checkNames(sockets: readonly PassedSocket[], names: readonly string[]): void {
  const known = new Set(sockets.map(({ name }) => name));
  const missing = names.filter((name) => !known.has(name));
  if (missing.length > 0) throw namesError(sockets, missing);
}

/**
 * The sockets with these names, without duplicates, in the order in which they were passed.
 *
 * @throws ActivationError `SOCKACT_ERR_NAME_UNKNOWN`
 */
function socketsNamed(sockets: readonly PassedSocket[], names: readonly string[]): PassedSocket[] {
  checkNames(sockets, names);
  return sockets.filter(({ name }) => names.includes(name));
}

/** Returns all of these sockets, or throws if one server can't serve them together. */
function checkServeable(named: readonly PassedSocket[], isTaken: IsTaken): readonly PassedSocket[] {
  for (const passedSocket of named) {
    const refusal =
      refusalOf(passedSocket) ?? (isTaken(passedSocket) ? claimedErrorOf([passedSocket.socket]) : undefined);
    if (refusal) throw refusal;
  }
  // A process with a listener continues after a connection has closed. A process for a connection ends.
  const connection = named.find(isConnection);
  if (connection && !named.every(isConnection)) throw connectionError(connection.socket);
  return named;
}

function freeListeners(sockets: readonly PassedSocket[], isTaken: IsTaken): PassedSocket[] {
  const fit = sockets.filter((passedSocket) => refusalOf(passedSocket) === undefined);
  const listeners = fit.filter((passedSocket) => !isConnection(passedSocket));
  const candidates = listeners.length > 0 ? listeners : fit.filter(({ name }) => name !== "stored");
  const free = candidates.filter((passedSocket) => !isTaken(passedSocket));
  if (free.length > 0) return free;
  if (candidates.length > 0) throw claimedErrorOf(candidates.map(({ socket }) => socket));
  const unfit = sockets.find(isFromSocketUnit) as PassedSocket;
  throw refusalOf(unfit) ?? connectionError(unfit.socket);
}

function isConnection({ socket }: PassedSocket): boolean {
  return socket.kind === "connection";
}

/** Whether a server that asks for these names would get a socket. */
export function hasUnclaimed(
  sockets: readonly PassedSocket[],
  names: readonly string[] | undefined,
): boolean {
  return sockets.some(
    (passedSocket) =>
      (names?.includes(passedSocket.name) ?? isFromSocketUnit(passedSocket)) && !isServed(passedSocket),
  );
}

const claimed = processState("claimed", {
  /** The preload's hint, because its user can't change the code. */
  preloadHint: undefined as ((fds: readonly number[]) => string | undefined) | undefined,
});

/**
 * Sets the hint of the error for sockets that another server has claimed.
 *
 * @param hint gets the numbers of these sockets. If it returns undefined, the error has the hint for
 *   adapters.
 */
export function setClaimedHint(hint: (fds: readonly number[]) => string | undefined): void {
  claimed.preloadHint ??= hint;
}

/** Why a server can't serve this socket, or undefined. */
function refusalOf(passedSocket: PassedSocket): ActivationError | undefined {
  const { socket, fromPrimary } = passedSocket;
  switch (socket.kind) {
    case "datagram":
    case "other":
      return kindError(socket);
    case "unknown":
      // If the primary does not import sockact, nothing is known about its sockets.
      if (fromPrimary && socket.family === "unknown" && !isForSockact(socket.name)) return undefined;
      // A socket of another network namespace can't be classified while another server listens on it. The
      // error that it is served comes later.
      if (socket.family === "unknown" && isServed(passedSocket)) return undefined;
      if (isForSockact(socket.name) || socket.family === "unknown") return kindError(socket);
      return socket.address === "" || socket.address?.endsWith(":0") === true
        ? unboundError(socket)
        : undefined;
    case "listener":
    case "connection":
      return undefined;
  }
}

/** Why a socket of node:dgram can't be bound to this socket, or undefined. */
function datagramRefusalOf(socket: ActivatedSocket, type: "udp4" | "udp6"): ActivationError | undefined {
  if (socket.kind !== "datagram" || socket.family === "unix") return datagramKindError(socket);
  return familyRefusalOf(socket, type);
}

/**
 * Why a socket of node:dgram can't be bound to a socket of this family. With the other family, Node would
 * receive, but fail to send (EINVAL).
 */
export function familyRefusalOf(socket: ActivatedSocket, type: "udp4" | "udp6"): ActivationError | undefined {
  const { family } = socket;
  const right = family === "ipv6" ? "udp6" : "udp4";
  if (family === "unknown" || right === type) return undefined;
  return familyError(socket, type, right);
}

function claimedErrorOf(sockets: readonly ActivatedSocket[]): ActivationError {
  return claimedError(sockets, claimed.preloadHint?.(sockets.map(({ fd }) => fd)));
}
