import { SocketAddress } from "node:net";

/** The form of an IPv6 address in Node: RFC 5952. */
export function shortestForm(address: string): string {
  return new SocketAddress({ address, family: "ipv6" }).address;
}
