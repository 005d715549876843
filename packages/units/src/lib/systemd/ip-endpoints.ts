/** A port, and an address unless it is every address. */
export interface IPEndpoint {
  port: string;
  host?: string;
}

/** The port and host of a valid address of systemd.socket(5), or `undefined` without an IP port. */
export function ipEndpointOf(address: string): IPEndpoint | undefined {
  if (/^\d+$/.test(address)) return { port: address };
  const [, ipv6, ipv4, port, zone = ""] = /^(?:\[([^\]]+)\]|([\d.]+)):(\d+)(%.+)?$/.exec(address) ?? [];
  return port === undefined ? undefined : { port, host: ipv6 === undefined ? ipv4! : ipv6 + zone };
}

/**
 * Whether a TCP server on one of them prevents listening on the other. A port alone and `::` include IPv4,
 * unless they are IPv6-only.
 */
export function isTakenBy(one: IPEndpoint, other: IPEndpoint, onlyIPv6: boolean): boolean {
  const [first, second] = [one.host ?? "", other.host ?? ""];
  const takes = (wide: string, host: string) =>
    wide === "" || wide === "::"
      ? !onlyIPv6 || host === "" || host.includes(":")
      : wide === "0.0.0.0" && /^[\d.]+$/.test(host);
  return one.port === other.port && (first === second || takes(first, second) || takes(second, first));
}

/** Whether only this machine can reach the address. */
export function isLoopback({ host = "" }: IPEndpoint): boolean {
  return /^(?:(?:[0:]*:ffff:)?127\.|[0:]*:0*1$)/i.test(host.replace(/%.*/, ""));
}

/**
 * Whether it is an address of a network interface other than loopback: neither a wildcard nor a multicast
 * group.
 */
export function isOfAnInterface({ host = "0.0.0.0" }: IPEndpoint): boolean {
  const address = host.replace(/%.*/, "").toLowerCase();
  const ipv4 = /^(?:[0:]*:ffff:)?([\d.]+)$/.exec(address)?.[1];
  return ipv4 === undefined
    ? !/^(?:[0:]+|[0:]*:0*1|ff[\da-f]{2}:.*)$/.test(address)
    : !/^(?:0\.0\.0\.0|127\..*|2(?:2[4-9]|3\d)\..*|255\.255\.255\.255)$/.test(ipv4);
}
