import type { ActivatedSocket } from "./classify.ts";
import { ActivationError } from "./errors.ts";
import { isFromSocketUnit, isServed, type PassedSocket } from "./passed-socket.ts";
import { warnOfUntakenLater } from "./untaken.ts";

/**
 * Takes the listeners of these names, or each one that is not taken yet. All or none: after an error nothing is taken.
 *
 * @throws ActivationError `ERR_NAME_UNKNOWN`, `ERR_SOCKET_TAKEN`, `ERR_SOCKET_DATAGRAM`, `ERR_SOCKET_CONNECTED`,
 * `ERR_SOCKET_UNBOUND`, `ERR_SOCKET_UNSUPPORTED`
 */
export function takeListeners(
  passed: readonly PassedSocket[],
  names: readonly string[] | undefined,
): PassedSocket[] {
  const chosen = names === undefined ? remainingListeners(passed) : listenersNamed(passed, names);
  for (const one of chosen) one.taken = true;
  warnOfUntakenLater(passed);
  return chosen;
}

/**
 * The sockets of these names, each once, in the order in which they were passed.
 *
 * @throws ActivationError `ERR_NAME_UNKNOWN`
 */
export function socketsNamed(passed: readonly PassedSocket[], names: readonly string[]): PassedSocket[] {
  const known = new Set(passed.map(({ socket }) => socket.name));
  const missing = names.filter((name) => !known.has(name));
  if (missing.length > 0) {
    throw new ActivationError(
      "ERR_NAME_UNKNOWN",
      `No socket named ${missing.join(", ")} was passed; there is ${[...known].join(", ")}`,
      "The name is that of FileDescriptorName= in the socket unit; without that line it is the unit's own, such as app.socket.",
    );
  }
  return passed.filter(({ socket }) => names.includes(socket.name));
}

function listenersNamed(passed: readonly PassedSocket[], names: readonly string[]): PassedSocket[] {
  const named = socketsNamed(passed, names);
  for (const passedSocket of named) {
    const { socket } = passedSocket;
    const refusal = refuse(passedSocket) ?? (isServed(passedSocket) ? alreadyTaken([socket]) : undefined);
    if (refusal) throw refusal;
  }
  return named;
}

function remainingListeners(passed: readonly PassedSocket[]): PassedSocket[] {
  const listeners = passed.filter((one) => refuse(one) === undefined);
  const remaining = listeners.filter((listener) => !isServed(listener));
  if (remaining.length > 0) return remaining;
  if (listeners.length > 0) throw alreadyTaken(listeners.map(({ socket }) => socket));
  const unfit = passed.find(isFromSocketUnit) as PassedSocket;
  throw refuse(unfit) as ActivationError;
}

/** Whether a server that takes these names would get anything. */
export function hasRemaining(passed: readonly PassedSocket[], names: readonly string[] | undefined): boolean {
  return passed.some((one) => (names?.includes(one.socket.name) ?? isFromSocketUnit(one)) && !isServed(one));
}

/** Marks a socket that a server of the app's own takes by its number. */
export function markTaken(passed: readonly PassedSocket[], fd: number): void {
  for (const one of passed) if (one.socket.fd === fd) one.taken = true;
}

/** Why a server can't listen on this socket. */
function refuse({ socket, ofPrimary }: PassedSocket): ActivationError | undefined {
  const what = `The socket ${socket.name} (fd ${socket.fd}${socket.address === null ? "" : `, ${socket.address}`})`;
  switch (socket.kind) {
    case "datagram":
      return new ActivationError(
        "ERR_SOCKET_DATAGRAM",
        `${what} is a datagram socket: a server can't listen on it`,
        "Write ListenStream= instead of ListenDatagram= in the socket unit, or name the stream socket: systemdListen({ name }).",
      );
    case "connection":
      return new ActivationError(
        "ERR_SOCKET_CONNECTED",
        `${what} is a connection, not a listener`,
        "Write Accept=no in the socket unit, or leave Accept= out.",
      );
    case "other":
      return unsupported(what);
    case "unknown":
      // A primary that does not import sockact leaves it to the kernel.
      if (ofPrimary && socket.family === "unknown" && socket.name !== "notify") return undefined;
      if (socket.name === "notify" || socket.family === "unknown") return unsupported(what);
      // Listening on it would open a random port, where nobody looks for it.
      return socket.address === "" || socket.address?.endsWith(":0") === true
        ? new ActivationError(
            "ERR_SOCKET_UNBOUND",
            `${what} is not bound to an address`,
            "Whatever made the socket must bind(2) it before passing it on. systemd always does.",
          )
        : undefined;
    case "listener":
      return undefined;
  }
}

function unsupported(what: string): ActivationError {
  return new ActivationError(
    "ERR_SOCKET_UNSUPPORTED",
    `${what} is nothing that Node can listen on`,
    "Node listens on TCP and unix stream sockets: ListenStream= with a port, an address, a path or an @abstract name.",
  );
}

function alreadyTaken(sockets: readonly ActivatedSocket[]): ActivationError {
  return new ActivationError(
    "ERR_SOCKET_TAKEN",
    `${sockets.map(({ name, fd }) => `${name} (fd ${fd})`).join(", ")} ${sockets.length > 1 ? "are" : "is"} served already, or closed, by another server of this process`,
    "Each socket serves one server, and can't be opened again once it is closed. Name those of each server: listen(server, { name: 'https' }).",
  );
}
