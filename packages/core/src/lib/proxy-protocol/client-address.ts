import type { Socket } from "node:net";
import { type ConnectionHandle, connectionHandleOf, handshakeOf } from "../shared/node-internals.ts";
import type { ProxyHeader } from "./header.ts";
import { parseProxyHeader } from "./parse-header.ts";

/**
 * All copies of this package share it, because an app may ask another copy than the one that has read the
 * header.
 */
const HEADER = Symbol.for("sockact.proxyHeader");

/**
 * The handle of a connection. What a header says is kept here, because Node asks the handle for the address
 * of the client.
 */
interface ProxiedHandle extends ConnectionHandle {
  /** The bytes of the header. Null if another process has accepted the connection, without a header. */
  [HEADER]?: Buffer | null;
  /** Sets the properties of `address`, and returns 0 or an error number. A unix socket has no such method. */
  getpeername?(address: object): number;
}

/**
 * Makes the client of a connection the one that a header names.
 *
 * @param bytes the bytes of the header
 */
export function setProxyHeader(
  handle: ConnectionHandle,
  bytes: Buffer,
  { family, source }: ProxyHeader,
): void {
  const proxied = handle as ProxiedHandle;
  proxied[HEADER] = bytes;
  if (source === undefined) return;
  const address = family === "unix" ? {} : { ...source, family: family === "ipv6" ? "IPv6" : "IPv4" };
  // Patches getpeername of this handle.
  proxied.getpeername = (out) => (Object.assign(out, address), 0);
}

/** Whether the header of this connection has been read, by this process or by another one. */
export function hasProxyHeader(handle: ConnectionHandle): boolean {
  return (handle as ProxiedHandle)[HEADER] !== undefined;
}

/** The header of a connection, in a form that another process can restore. Undefined if it has none. */
export function storedProxyHeader(handle: ConnectionHandle): string | undefined {
  return (handle as ProxiedHandle)[HEADER]?.toString("base64");
}

/**
 * Makes a connection that another process has accepted the same as there. No header is read from it any more.
 */
export function restoreProxyHeader(handle: ConnectionHandle, stored: string | undefined): void {
  (handle as ProxiedHandle)[HEADER] = null;
  if (stored === undefined) return;
  const bytes = Buffer.from(stored, "base64");
  const parsed = parseProxyHeader(bytes);
  if (parsed) setProxyHeader(handle, bytes, parsed.header);
}

/**
 * The address of the process at the other end of a connection, `unix` for a unix socket, or undefined if it
 * has gone.
 */
export function senderOf(handle: ConnectionHandle): string | undefined {
  const { getpeername } = handle as ProxiedHandle;
  if (getpeername === undefined) return "unix";
  const peer: { address?: string } = {};
  getpeername.call(handle, peer);
  return peer.address;
}

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
  return bytes ? parseProxyHeader(bytes)?.header : undefined;
}
