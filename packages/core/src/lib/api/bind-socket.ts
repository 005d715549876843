import type { BindOptions, Socket } from "node:dgram";
import { once } from "node:events";
import { notActivated } from "../shared/errors.ts";
import { addApp, type App, createApp } from "../lifecycle/app.ts";
import { DatagramDrain } from "../draining/drain-datagram.ts";
import { restartIdleTimer } from "../lifecycle/idle.ts";
import type { LifecycleOptions } from "../lifecycle/settings.ts";
import { isManaged } from "../lifecycle/service-manager.ts";
import { startServing } from "./manage-server.ts";
import type { Listening } from "./listen.ts";
import { startReceiving, stopReceiving } from "../shared/node-internals.ts";
import { prepare } from "./prepare.ts";
import { refuseProxied } from "../proxy-protocol/variable.ts";
import { isVariableSet } from "../shared/environment-options.ts";
import { refuseInWorker } from "./refuse-in-worker.ts";
import { hasConnections, type PassedSocket } from "../activation/passed-socket.ts";
import { isWaitingToServe, onceServing } from "../activation/serving.ts";
import { checkPermission } from "../binding/permission.ts";
import { classifyWith } from "../activation/classify.ts";
import { isDeno } from "../shared/runtime.ts";
import { runtimeError } from "../shared/runtime-errors.ts";
import { claimSockets, familyRefusalOf, findDatagramSocket } from "../binding/claim.ts";

/**
 * The options of `bindDatagram()`: the socket to claim, the lifecycle, and Node's options of `socket.bind()`.
 * Node's options apply if no socket was passed.
 */
export interface BindDatagramOptions
  extends Omit<LifecycleOptions, "onDrainUpgraded" | "health">, Omit<BindOptions, "fd"> {
  /**
   * The `FileDescriptorName=` of the socket to claim. If several sockets have this name, the first unclaimed
   * one is used. The default is the first datagram socket.
   */
  name?: string | undefined;
  /**
   * Fails with `SOCKACT_ERR_NOT_ACTIVATED` if no socket was passed. The default is `false`: the socket is
   * then bound as without sockact.
   */
  required?: boolean | undefined;
  /** The same as in {@link ListenOptions}. */
  ignoreListenPid?: boolean | undefined;
}

const CALL = {
  hint: "Write await bindDatagram(socket, { port: 3000 }). It returns a promise, which resolves when it listens.",
  nodeOptions: ["port", "address", "exclusive"],
  omitted: {
    tls: "UDP has no TLS, so leave tls out.",
    sockets: "One call binds one socket: write name instead of sockets.",
    onDrainUpgraded: "UDP has no connections, so leave onDrainUpgraded out.",
  },
};

/**
 * Implements `bindDatagram()`.
 *
 * @param more the arguments of `bindDatagram()` after the options
 */
export async function bindSocket(
  socket: Socket,
  options: BindDatagramOptions,
  more: readonly unknown[],
): Promise<Listening> {
  const { activation, settings, nodeOptions } = prepare(options, CALL, more);
  const app = createApp(settings, activation.activated);
  if (!activation.activated) {
    if (options.port === undefined) throw notActivated(activation.reason, "the options have no port");
    const bound = once(socket, "listening");
    socket.bind(nodeOptions);
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
  if (isDeno) throw runtimeError("datagram");
  checkPermission();
  refuseInWorker(sockets, "bindDatagram()");
  const passedSocket = findDatagramSocket(sockets, name, type);
  // An entry for a listener of the same name does not concern this socket.
  const isListener = (other: PassedSocket): boolean =>
    other.name === passedSocket.name && hasConnections(other);
  if (isVariableSet("proxyProtocol"))
    refuseProxied(passedSocket, () => !sockets.some(isListener), "bindDatagram()");
  // Throws if the socket is already bound or closed. Nothing is claimed before.
  socket.bind({ fd: passedSocket.fd, exclusive: true });
  // If the socket is from another network namespace, only the bound socket has the address.
  if (passedSocket.socket.family === "unknown") classifyWith(passedSocket, socket.address());
  const refusal = familyRefusalOf(passedSocket.socket, type);
  if (refusal) {
    // The socket is not closed, so that another socket can still be bound to the descriptor.
    stopReceiving(socket);
    throw refusal;
  }
  if (isWaitingToServe()) {
    // Until then, the old process receives the messages.
    stopReceiving(socket);
    onceServing(() => startReceiving(socket));
  }
  claimSockets([passedSocket]);
  return passedSocket;
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
