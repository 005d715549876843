import { isObject } from "../read/fields.ts";
import { item } from "../write/escape.ts";

/** Where to listen: a port, and an address if it is not every one. */
export interface Place {
  port: string;
  host?: string;
}

/** The place that an address of systemd.socket(5) names, or `undefined` if it is no port of IP. It must be a right one. */
export function placeOf(address: string): Place | undefined {
  if (/^\d+$/.test(address)) return { port: address };
  const [, ipv6, ipv4, port, zone = ""] = /^(?:\[([^\]]+)\]|([\d.]+)):(\d+)(%.+)?$/.exec(address) ?? [];
  return port === undefined ? undefined : { port, host: ipv6 === undefined ? ipv4! : ipv6 + zone };
}

/** Environment= that tells a program of Node where to listen, as far as the description does not. */
export function portVariables(place: Place, description: Record<string, unknown>): string[] {
  const given = isObject(description.environment) ? description.environment : {};
  const variables = Object.entries({ PORT: place.port, HOST: place.host }).flatMap(([name, value]) =>
    value === undefined || Object.hasOwn(given, name) ? [] : [item(`${name}=${value}`)],
  );
  return variables.length > 0 ? [variables.join(" ")] : [];
}
