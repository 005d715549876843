import type { AddressInfo } from "node:net";
import type { ActivatedSocket } from "../activation/passed-socket.ts";

/** The result of `server.address()` for this socket. */
export function serverAddress({ family, address }: ActivatedSocket): AddressInfo | string {
  const [, ip, port] = /^\[?([^\]]*)\]?:(\d+)$/.exec(address ?? "") ?? [];
  if (family !== "unix" && ip !== undefined)
    return { address: ip, family: family === "ipv6" ? "IPv6" : "IPv4", port: Number(port) };
  // Node uses \0 for an abstract name. A missing or unknown path is `?`, because null would mean that the
  // server does not listen.
  return address?.replace(/^@/, "\0") || "?";
}
