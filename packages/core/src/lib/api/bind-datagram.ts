import type { BindOptions, Socket } from "node:dgram";
import { once } from "node:events";
import { notActivated } from "../shared/errors.ts";
import { addApp, type App, createApp } from "../lifecycle/app.ts";
import { DatagramDrain } from "../draining/drain-datagram.ts";
import { restartIdleTimer } from "../lifecycle/idle.ts";
import { isManaged } from "../lifecycle/service-manager.ts";
import { startServing } from "./manage-server.ts";
import type { LifecycleOptions } from "../lifecycle/settings.ts";
import type { Listening } from "./listen.ts";
import { stopReceiving } from "../shared/node-internals.ts";
import { splitOptions } from "./options.ts";
import { prepare } from "./prepare.ts";
import type { PassedSocket } from "../activation/passed-socket.ts";
import { checkPermission } from "../binding/permission.ts";
import { claimSockets, familyRefusalOf, findDatagramSocket } from "../binding/claim.ts";

/** Which socket to take, the lifecycle, and Node's own options of `socket.bind()`: where to bind when none was passed. */
export interface BindDatagramOptions
  extends Omit<LifecycleOptions, "onDrainUpgraded">, Omit<BindOptions, "fd"> {
  /** The `FileDescriptorName=` of the socket to take: the first of it that is not taken. Left out: the first datagram socket. */
  name?: string | undefined;
  /** Not being activated is an error (`ERR_NOT_ACTIVATED`) instead of binding as without sockact. False by default. */
  required?: boolean | undefined;
  /** As in `listen()`. */
  trustParent?: boolean | undefined;
}

/**
 * Binds a socket of node:dgram to the UDP socket that was passed to this process (`ListenDatagram=`), or else as `socket.bind(options)` does.
 *
 * At the end (SIGTERM) it receives no more, and what comes is for the next process. The app can still send, until its `onStop` is done.
 * Each message counts as activity for `idleTimeout`.
 *
 * - fulfils once it is bound;
 * - rejects with {@link ActivationError}, and nothing is taken: `ERR_NOT_ACTIVATED` (`required`, or no port to bind instead),
 *   `ERR_NAME_UNKNOWN`, `ERR_SOCKET_TAKEN`, `ERR_SOCKET_STREAM` (no datagram socket), `ERR_SOCKET_FAMILY` (`udp4` for an IPv6 socket, or `udp6` for an
 *   IPv4 one), `ERR_SOCKET_UNSUPPORTED` (a unix datagram socket), `ERR_PERMISSION`, `ERR_OPTION`, or a code of activatedSockets();
 * - rejects with Node's own error when the socket is bound or closed already, or can't be bound.
 */
export async function bindDatagram(socket: Socket, options: BindDatagramOptions = {}): Promise<Listening> {
  const [own, where] = splitOptions(options);
  const { activation, settings } = prepare(own);
  const app = createApp(settings, activation.activated);
  if (!activation.activated) {
    if (options.port === undefined) throw notActivated(activation.reason, "there is no port to bind instead");
    const bound = once(socket, "listening");
    socket.bind(where);
    await bound;
    manageSocket(socket, app, undefined);
    return { activated: false, sockets: [] };
  }
  const passedSocket = bindAndClaim(socket, activation.sockets, options.name);
  manageSocket(socket, app, passedSocket);
  return { activated: true, sockets: [passedSocket.socket] };
}

function bindAndClaim(
  socket: Socket,
  sockets: readonly PassedSocket[],
  name: string | undefined,
): PassedSocket {
  const { type } = socket as Socket & { type: "udp4" | "udp6" };
  checkPermission();
  const passedSocket = findDatagramSocket(sockets, name, type);
  // Throws where the socket has been bound or closed: so nothing is claimed before.
  socket.bind({ fd: passedSocket.fd, exclusive: true });
  // In another network namespace only now there is somebody to ask.
  const refusal =
    passedSocket.socket.family === "unknown"
      ? familyRefusalOf(passedSocket.socket, type, familyOf(socket))
      : undefined;
  if (refusal) {
    // Not closed: the descriptor may still be bound to a socket of the right type.
    stopReceiving(socket);
    throw refusal;
  }
  claimSockets([passedSocket]);
  return passedSocket;
}

function familyOf(socket: Socket): "ipv4" | "ipv6" {
  return socket.address().family === "IPv6" ? "ipv6" : "ipv4";
}

function manageSocket(socket: Socket, app: App, bound: PassedSocket | undefined): void {
  if (!isManaged(app)) return;
  const drain = new DatagramDrain(socket);
  app.close = () => drain.close();
  addApp(app);
  socket.prependListener("message", restartIdleTimer);
  socket.on("close", () => app.drains.delete(drain));
  startServing(app, drain, bound ? [bound.socket] : [], (error) => socket.emit("error", error));
}
