import type { Socket } from "node:net";
import type { ProxyHeader } from "../proxy-protocol/header.ts";
import { parseProxyHeader } from "../proxy-protocol/parse-header.ts";
import { connectionHandleOf, handshakeOf } from "../shared/node-internals.ts";
import { HEADER, headers, type ProxiedHandle } from "../shared/proxied-handle.ts";

/**
 * The PROXY header of an open connection: the addresses and the other facts that the proxy has sent. It is
 * for sockets with the option `proxyProtocol`.
 *
 * - It returns undefined if the connection has no header, or has closed.
 * - With a header of the command `local`, or without addresses, `socket.remoteAddress` is the address of the
 *   proxy.
 *
 * @param socket the socket of a request (`req.socket`), or a socket of node:net or node:tls
 */
export function proxyHeader(socket: Socket): ProxyHeader | undefined {
  const handle = connectionHandleOf(handshakeOf(socket) ?? socket) as ProxiedHandle | null;
  const bytes = handle?.[HEADER];
  if (!bytes) return undefined;
  return (headers.parse ?? parseProxyHeader)(bytes)?.header as ProxyHeader | undefined;
}
