/** Where to listen: a port, and an address if it is not every one. */
export interface IPEndpoint {
  port: string;
  host?: string;
}

/** The place that an address of systemd.socket(5) names, or `undefined` if it is no port of IP. It must be a right one. */
export function ipEndpointOf(address: string): IPEndpoint | undefined {
  if (/^\d+$/.test(address)) return { port: address };
  const [, ipv6, ipv4, port, zone = ""] = /^(?:\[([^\]]+)\]|([\d.]+)):(\d+)(%.+)?$/.exec(address) ?? [];
  return port === undefined ? undefined : { port, host: ipv6 === undefined ? ipv4! : ipv6 + zone };
}

/** Whether a server of TCP at one of them keeps another from listening at the other: a port alone and `::` take IPv4 too, unless they are for IPv6 only. */
export function isTakenBy(one: IPEndpoint, other: IPEndpoint, onlyIPv6: boolean): boolean {
  const [first, second] = [one.host ?? "", other.host ?? ""];
  const takes = (wide: string, host: string) =>
    wide === "" || wide === "::"
      ? !onlyIPv6 || host === "" || host.includes(":")
      : wide === "0.0.0.0" && /^[\d.]+$/.test(host);
  return one.port === other.port && (first === second || takes(first, second) || takes(second, first));
}

/** Whether it is an address of a network interface other than the loopback device's: neither every address, nor one of a multicast group. */
export function isOfAnInterface({ host = "0.0.0.0" }: IPEndpoint): boolean {
  const address = host.replace(/%.*/, "").toLowerCase();
  const ipv4 = /^(?:[0:]*:ffff:)?([\d.]+)$/.exec(address)?.[1];
  return ipv4 === undefined
    ? !/^(?:[0:]+|[0:]*:0*1|ff[\da-f]{2}:.*)$/.test(address)
    : !/^(?:0\.0\.0\.0|127\..*|2(?:2[4-9]|3\d)\..*|255\.255\.255\.255)$/.test(ipv4);
}
