// Why nothing can claim a socket. Only a start that fails loads this code: features.json.
import {
  type ActivatedSocket,
  formatSocket,
  isForSockact,
  isFromSocketUnit,
  type PassedSocket,
} from "../activation/passed-socket.ts";
import { ActivationError } from "../shared/errors.ts";
import { NO_SOCKET } from "@sockact/shared/texts";

/** The error for names that no passed socket has. */
export function namesError(sockets: readonly PassedSocket[], missing: readonly string[]): ActivationError {
  return new ActivationError(
    "SOCKACT_ERR_NAME_UNKNOWN",
    `${NO_SOCKET}${missing.join(", ")} was passed. Passed: ${sockets
      .filter(isOfApp)
      .map(({ socket }) => formatSocket(socket))
      .join(", ")}`,
    "Use the name from FileDescriptorName= in the socket unit. Without that line, it is the name of the socket unit, such as app.socket. " +
      "To try it without a unit, run systemd-socket-activate --fdname=NAME.",
  );
}

/** Not a socket that sockact itself uses (`OpenFile=/run/systemd/notify:notify`). */
function isOfApp(passedSocket: PassedSocket): boolean {
  return (
    passedSocket.inode === undefined || !isForSockact(passedSocket.name) || isFromSocketUnit(passedSocket)
  );
}

/** The error for sockets that this process has claimed, if a caller asks for one more. */
export function usedError(candidates: readonly PassedSocket[], hint: string): ActivationError {
  const list = candidates.map(({ socket }) => formatSocket(socket)).join(", ");
  return new ActivationError("SOCKACT_ERR_SOCKET_CLAIMED", `This process has already claimed ${list}`, hint);
}

/** The error for a server that can't listen on this socket, because of what the socket is. */
export function kindError(socket: ActivatedSocket): ActivationError {
  const what = describe(socket);
  if (socket.kind === "datagram")
    return new ActivationError(
      "SOCKACT_ERR_SOCKET_DATAGRAM",
      `${what} is a datagram socket: a server can't listen on it`,
      "Write ListenStream= instead of ListenDatagram= in the socket unit, or name the stream socket: systemdListen({ name }). " +
        "For UDP, call bindDatagram() from @sockact/core.",
    );
  return new ActivationError(
    "SOCKACT_ERR_SOCKET_UNSUPPORTED",
    `${what} is not a socket that Node can listen on`,
    "Node listens on TCP and unix stream sockets: ListenStream= with a port, an address, a path or an @abstract name.",
  );
}

/** Listening on such a socket would open a random port that no client knows. */
export function unboundError(socket: ActivatedSocket): ActivationError {
  return new ActivationError(
    "SOCKACT_ERR_SOCKET_UNBOUND",
    `${describe(socket)} is not bound to an address`,
    "The program that made the socket must bind(2) it before it passes the socket on. systemd always does.",
  );
}

/** The error for a socket of node:dgram that can't be bound to this socket, because of what the socket is. */
export function datagramKindError(socket: ActivatedSocket): ActivationError {
  const what = describe(socket);
  if (socket.kind !== "datagram")
    return new ActivationError(
      "SOCKACT_ERR_SOCKET_STREAM",
      `${what} is not a datagram socket`,
      "Write ListenDatagram= instead of ListenStream= in the socket unit, or name the datagram socket: bindDatagram(socket, { name }).",
    );
  return new ActivationError(
    "SOCKACT_ERR_SOCKET_UNSUPPORTED",
    `${what} is a unix datagram socket, which Node can't use`,
    "node:dgram supports only UDP: write ListenDatagram= with a port or an address. claimSocket() gives you the bare descriptor.",
  );
}

/** The error for a socket of node:dgram of the type `type`, if the passed socket needs one of the type `right`. */
export function familyError(
  socket: ActivatedSocket,
  type: "udp4" | "udp6",
  right: "udp4" | "udp6",
): ActivationError {
  return new ActivationError(
    "SOCKACT_ERR_SOCKET_FAMILY",
    `${describe(socket)} is an ${right === "udp6" ? "IPv6" : "IPv4"} socket, and can't be bound to a socket of type ${type}`,
    `Write createSocket("${right}"). ListenDatagram= with a port alone is IPv6, and receives IPv4 too; 0.0.0.0 and a port is IPv4.`,
  );
}

export function connectionError(socket: ActivatedSocket): ActivationError {
  return new ActivationError(
    "SOCKACT_ERR_SOCKET_CONNECTED",
    `${describe(socket)} is a connection, not a listener`,
    "Name only the listeners: systemdListen({ name }). With Accept=yes, each connection has a separate process.",
  );
}

function describe({ name, fd, address }: ActivatedSocket): string {
  return `The socket ${name} (fd ${fd}${address === null ? "" : `, ${address}`})`;
}

/**
 * The error for sockets that another server of this process has claimed.
 *
 * @param preloadHint the hint of a preload, because its user can't change the code
 */
export function claimedError(
  sockets: readonly ActivatedSocket[],
  preloadHint: string | undefined,
): ActivationError {
  return new ActivationError(
    "SOCKACT_ERR_SOCKET_CLAIMED",
    `Another server of this process uses ${sockets.map(formatSocket).join(", ")}, or has closed ${sockets.length > 1 ? "them" : "it"}`,
    preloadHint ??
      "One server can use each socket, and a closed socket can't be opened again. Remove the second listen(), or pass a socket for each server " +
        "and name them: systemdListen({ name: 'http' }), or listen(server, { name: 'https' }) from @sockact/core.",
  );
}

/** @param isConnection whether it is one connection (`Accept=yes`), or a socket on standard input */
export function handoverError(isConnection: boolean): ActivationError {
  return new ActivationError(
    "SOCKACT_ERR_HANDOVER_UNSUPPORTED",
    `The option handover can't be used with ${isConnection ? "a process that systemd starts for one connection (Accept=yes)" : "a socket on standard input (StandardInput=socket)"}`,
    isConnection
      ? "Leave handover out: each connection is served by a process of its own, and the next one runs the new code."
      : "Leave StandardInput= out of the service: then the socket is passed as descriptor 3. Or leave handover out.",
  );
}

/** Both would mean TLS inside TLS, which no client speaks. */
export function tlsTwiceError(): ActivationError {
  return new ActivationError(
    "SOCKACT_ERR_OPTION",
    "The option tls was given for a server that has its own TLS (node:https, node:tls, http2.createSecureServer())",
    "A server of node:https speaks TLS on every socket. Leave tls out, or create the server with http.createServer(). With Fastify, leave out its https option.",
  );
}

export function permissionError(): ActivationError {
  return new ActivationError(
    "SOCKACT_ERR_PERMISSION",
    "Node runs with --permission, which does not let this process listen on a socket that was passed to it",
    "Add --allow-net to the command line: ExecStart=/usr/bin/node --permission --allow-net --allow-fs-read=… …. " +
      "Once the server listens, process.permission.drop('net') forbids every outgoing connection (Node 26.3).",
  );
}
