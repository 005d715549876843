import type { AddressInfo } from "node:net";
import type { ActivatedSocket } from "../activation/passed-socket.ts";

/** What `server.address()` gives for this socket. */
export function serverAddress({ family, address }: ActivatedSocket): AddressInfo | string {
  const [, ip, port] = /^\[?([^\]]*)\]?:(\d+)$/.exec(address ?? "") ?? [];
  if (family !== "unix" && ip !== undefined)
    return { address: ip, family: family === "ipv6" ? "IPv6" : "IPv4", port: Number(port) };
  // Node writes an abstract name so. Where there is no path, or not even the kernel tells it, `?`: null would mean "not listening".
  return address?.replace(/^@/, "\0") || "?";
}
