import type { Socket } from "node:net";
import type { ProxyHeader } from "../proxy-protocol/header.ts";
import { parseProxyHeader } from "../proxy-protocol/parse-header.ts";
import { connectionHandleOf, handshakeOf } from "../shared/node-internals.ts";
import { HEADER, headers, type ProxiedHandle } from "../shared/proxied-handle.ts";

/**
 * Returns the PROXY header of an open connection: the addresses and other facts that the proxy sent. It
 * requires the option `proxyProtocol`.
 *
 * - Returns `undefined` if the connection has no header, or has closed.
 * - If the header has the command `local` or no addresses, `socket.remoteAddress` is the address of the
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
