import type { ConnectionHandle } from "../shared/node-internals.ts";
import { HEADER, type ProxiedHandle } from "../shared/proxied-handle.ts";
import type { ProxyHeader } from "./header.ts";
import { parseProxyHeader } from "./parse-header.ts";

/**
 * Sets the client of a connection from a header.
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

/** Whether the header of this connection has been read, by this process or another one. */
export function hasProxyHeader(handle: ConnectionHandle): boolean {
  return (handle as ProxiedHandle)[HEADER] !== undefined;
}

/** Restores the header of a connection that another process accepted. */
export function restoreProxyHeader(handle: ConnectionHandle, stored: string): void {
  const bytes = Buffer.from(stored, "base64");
  const parsed = parseProxyHeader(bytes);
  if (parsed) setProxyHeader(handle, bytes, parsed.header);
}

/**
 * The address of the other end of a connection, `unix` for a unix socket, or undefined if it has
 * disconnected.
 */
export function senderOf(handle: ConnectionHandle): string | undefined {
  const { getpeername } = handle as ProxiedHandle;
  if (getpeername === undefined) return "unix";
  const peer: { address?: string } = {};
  getpeername.call(handle, peer);
  return peer.address;
}
