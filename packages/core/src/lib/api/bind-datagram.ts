import type { BindOptions, Socket } from "node:dgram";
import { once } from "node:events";
import type { ActivationResult } from "../activation/activation.ts";
import { type ActivationError, notActivated } from "../shared/errors.ts";
import { type App, addApp, createApp } from "../lifecycle/app.ts";
import { DatagramDrain } from "../draining/drain-datagram.ts";
import { restartIdleTimer } from "../lifecycle/idle.ts";
import { startServing } from "./manage-server.ts";
import { isManaged } from "../lifecycle/service-manager.ts";
import { type LifecycleOptions, readSettings } from "../lifecycle/settings.ts";
import type { Listening } from "./listen.ts";
import { stopReceiving } from "../shared/node-internals.ts";
import { checkOptions, ownOptions } from "./options.ts";
import type { PassedSocket } from "../activation/passed-socket.ts";
import { checkPermission } from "../binding/permission.ts";
import { readActivation } from "../activation/read.ts";
import { findDatagram, claim, familyError } from "../binding/claim.ts";

/** Which socket to take, how to live with it, and Node's own options of `socket.bind()`: where to bind when none was passed. */
export interface BindDatagramOptions
  extends Omit<LifecycleOptions, "onDrainUpgraded">, Omit<BindOptions, "fd"> {
  /** The `FileDescriptorName=` of the socket to take: the first of it that is not taken. Left out: the first datagram socket. */
  name?: string;
  /** Not being activated is an error (`ERR_NOT_ACTIVATED`) instead of binding as without sockact. False by default. */
  required?: boolean;
  /** As in `listen()`. */
  trustParent?: boolean;
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
  const [own, where] = ownOptions(options);
  const { name, required, trustParent } = options;
  checkOptions(own);
  const passed = readActivation(trustParent);
  const app = createApp(readSettings(own), passed.activated);
  if (!passed.activated) {
    if (required === true) throw notActivated(passed.reason);
    if (options.port === undefined) throw notActivated(passed.reason, "there is no port to bind instead");
    const bound = once(socket, "listening");
    socket.bind(where);
    await bound;
    manageSocket(socket, app, undefined);
    return { activated: false, sockets: [] };
  }
  const passedSocket = bindToPassed(socket, passed, name);
  manageSocket(socket, app, passedSocket);
  return { activated: true, sockets: [passedSocket.socket] };
}

function bindToPassed(socket: Socket, { sockets }: ActivationResult, name: string | undefined): PassedSocket {
  const { type } = socket as Socket & { type: "udp4" | "udp6" };
  checkPermission();
  const passedSocket = findDatagram(sockets, name, type);
  // Throws where the socket has been bound or closed: so nothing is taken before.
  socket.bind({ fd: passedSocket.socket.fd, exclusive: true });
  // In another network namespace only now there is somebody to ask.
  const refusal =
    passedSocket.socket.family === "unknown"
      ? familyError(passedSocket.socket, type, familyOf(socket))
      : undefined;
  if (refusal) throw leaveOpen(socket, refusal);
  claim(sockets, [passedSocket]);
  return passedSocket;
}

function familyOf(socket: Socket): "ipv4" | "ipv6" {
  return socket.address().family === "IPv6" ? "ipv6" : "ipv4";
}

/** Without closing it: the descriptor may still be bound to a socket of the right type. */
function leaveOpen(socket: Socket, refusal: ActivationError): ActivationError {
  stopReceiving(socket);
  return refusal;
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
