import type { BindOptions, Socket } from "node:dgram";
import { once } from "node:events";
import type { Passed } from "./activation.ts";
import { type ActivationError, notActivated } from "./errors.ts";
import { type App, addApp } from "./lifecycle/apps.ts";
import { DatagramDrain } from "./lifecycle/datagram-drain.ts";
import { countAnew } from "./lifecycle/idle.ts";
import { begin, isAlive, makeApp } from "./lifecycle/live.ts";
import type { LifecycleOptions } from "./lifecycle/options.ts";
import type { Listening } from "./listen.ts";
import { stopReceiving } from "./node-internals.ts";
import { checkOptions, ownOptions } from "./options.ts";
import type { PassedSocket } from "./passed-socket.ts";
import { checkPermission } from "./permission.ts";
import { readActivation } from "./read.ts";
import { findDatagram, take, wrongFamily } from "./take.ts";

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
  const app = makeApp(own, passed.activated);
  if (!passed.activated) {
    if (required === true) throw notActivated(passed.reason);
    if (options.port === undefined) throw notActivated(passed.reason, "there is no port to bind instead");
    const bound = once(socket, "listening");
    socket.bind(where);
    await bound;
    live(socket, app, undefined);
    return { activated: false, sockets: [] };
  }
  const one = bindPassed(socket, passed, name);
  live(socket, app, one);
  return { activated: true, sockets: [one.socket] };
}

function bindPassed(socket: Socket, { passed }: Passed, name: string | undefined): PassedSocket {
  const { type } = socket as Socket & { type: "udp4" | "udp6" };
  checkPermission();
  const one = findDatagram(passed, name, type);
  // Throws where the socket has been bound or closed: so nothing is taken before.
  socket.bind({ fd: one.socket.fd, exclusive: true });
  // In another network namespace only now there is somebody to ask.
  const refusal =
    one.socket.family === "unknown" ? wrongFamily(one.socket, type, familyOf(socket)) : undefined;
  if (refusal) throw leaveOpen(socket, refusal);
  take(passed, [one]);
  return one;
}

function familyOf(socket: Socket): "ipv4" | "ipv6" {
  return socket.address().family === "IPv6" ? "ipv6" : "ipv4";
}

/** Without closing it: the descriptor may still be bound to a socket of the right type. */
function leaveOpen(socket: Socket, refusal: ActivationError): ActivationError {
  stopReceiving(socket);
  return refusal;
}

function live(socket: Socket, app: App, bound: PassedSocket | undefined): void {
  if (!isAlive(app)) return;
  const drain = new DatagramDrain(socket);
  app.close = () => drain.close();
  addApp(app);
  socket.prependListener("message", countAnew);
  socket.on("close", () => app.drains.delete(drain));
  begin(app, drain, bound ? [bound.socket] : [], (error) => socket.emit("error", error));
}
