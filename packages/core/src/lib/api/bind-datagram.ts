import type { Socket } from "node:dgram";
import { type BindDatagramOptions, bindSocket } from "./bind-socket.ts";
import type { Listening } from "./listen.ts";

/**
 * Binds a socket of node:dgram to the UDP socket that systemd passed to this process (`ListenDatagram=`). If
 * none was passed, this is `socket.bind(options)`.
 *
 * When the process stops (SIGTERM), the socket stops receiving, and new messages wait for the next process.
 * The app can still send messages until `onStop` is done. Each message restarts `idleTimeout`.
 *
 * - Resolves when the socket is bound.
 * - Rejects with an {@link ActivationError} and claims no socket: `SOCKACT_ERR_NOT_ACTIVATED` (no socket was
 *   passed, and `required` is set or `port` is missing), `SOCKACT_ERR_NAME_UNKNOWN`,
 *   `SOCKACT_ERR_SOCKET_CLAIMED`, `SOCKACT_ERR_SOCKET_STREAM` (the passed socket is not a datagram socket),
 *   `SOCKACT_ERR_SOCKET_FAMILY` (`udp4` for an IPv6 socket, or `udp6` for an IPv4 socket),
 *   `SOCKACT_ERR_SOCKET_UNSUPPORTED` (a unix datagram socket), `SOCKACT_ERR_CLUSTER_WORKER` (in a worker of
 *   node:cluster), `SOCKACT_ERR_PERMISSION`, `SOCKACT_ERR_OPTION`, or a code of {@link activatedSockets}.
 * - Rejects with Node's error if the socket is already bound or closed, or if binding fails.
 */
export function bindDatagram(socket: Socket, options?: BindDatagramOptions): Promise<Listening>;
export async function bindDatagram(
  socket: Socket,
  options: BindDatagramOptions = {},
  ...more: unknown[]
): Promise<Listening> {
  return await bindSocket(socket, options, more);
}
