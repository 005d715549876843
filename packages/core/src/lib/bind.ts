import { type AddressInfo, Server } from "node:net";
import type { Server as TlsServer } from "node:tls";
import type { ActivatedSocket } from "./classify.ts";
import {
  giveHandle,
  handleOf,
  joinHandles,
  nativeListen,
  redirectConnections,
  setPipeName,
} from "./node-internals.ts";
import type { PassedSocket } from "./passed-socket.ts";

/**
 * Node calls listen(2) again, with 511 unless told otherwise, which would shrink what `Backlog=` of the socket unit gave.
 * The kernel cuts this down to net.core.somaxconn, which is systemd's own default.
 */
const KEEP_BACKLOG = 0x7fffffff;

/**
 * Makes one server listen on all of these sockets. It emits `listening` once, when it does, or else `error`, and is closed.
 *
 * The server's own handle is that of the first socket. Each other one gets a handle of its own, of which the server is the owner:
 * so `close()`, `getConnections()`, `maxConnections`, `ref()` and `unref()` count them all, and its socket options hold for each.
 */
export function bind(
  server: Server,
  sockets: readonly PassedSocket[],
  {
    backlog = KEEP_BACKLOG,
    tlsFor,
  }: { backlog?: number | undefined; tlsFor(socket: ActivatedSocket): TlsServer | undefined },
): void {
  const [first, ...others] = sockets as [PassedSocket, ...PassedSocket[]];
  listenOn(server, first, backlog);
  const handle = handleOf(server);
  if (handle === undefined) return;
  const address = serverAddress(first.socket);
  if (typeof address === "string") setPipeName(server, address);
  const secure = (given: typeof handle | undefined, { socket }: PassedSocket): typeof given => {
    const tls = tlsFor(socket);
    if (given && tls) redirectConnections(given, server, tls);
    return given;
  };
  secure(handle, first);
  const handles = others.map((other) => {
    const acceptor = new Server().on("error", (error) => server.emit("error", error));
    listenOn(acceptor, other, backlog);
    return secure(giveHandle(acceptor, server), other);
  });
  joinHandles(
    handle,
    handles.filter((each) => each !== undefined),
  );
  // A part of them would be more than nothing, but not what was asked for.
  if (handles.includes(undefined)) server.close();
}

/** What `server.address()` gives for this socket. */
export function serverAddress({ family, address }: ActivatedSocket): AddressInfo | string {
  const [, ip, port] = /^\[?([^\]]*)\]?:(\d+)$/.exec(address ?? "") ?? [];
  if (family !== "unix" && ip !== undefined)
    return { address: ip, family: family === "ipv6" ? "IPv6" : "IPv4", port: Number(port) };
  // Node writes an abstract name so. Where not even the kernel tells the path, `?`: null would mean "not listening".
  return address?.replace(/^@/, "\0") ?? "?";
}

function listenOn(server: Server, { socket, probe }: PassedSocket, backlog: number): void {
  const target =
    probe === undefined ? { fd: socket.fd } : { _handle: (probe as unknown as { _handle: object })._handle };
  // Only the positional backlog holds for a descriptor: Node ignores the option of that name.
  (nativeListen as (target: object, backlog: number) => Server).call(server, target, backlog);
}
