import { valueOf, type Setting } from "../../parse/load.ts";
import { ipEndpointOf, isTakenBy, type IPEndpoint } from "../../systemd/ip-endpoints.ts";
import type { SocketSubject } from "./subjects.ts";
import { booleanOf } from "../../systemd/booleans.ts";

/** An address that can't be opened because another line opens it. */
export interface Conflict {
  setting: Setting;
  /** The assignment that opens it first. */
  first: Setting;
  /** Whether both can be opened if the socket is IPv6-only. */
  apart: boolean;
}

/** A socket and its conflicting addresses. */
export interface SocketAmongOthers extends SocketSubject {
  conflicts: readonly Conflict[];
}

/** A UDP port can be opened twice, and a unix socket's file is replaced. */
const tcpEndpointOf = ({ key, value }: Setting): IPEndpoint | undefined =>
  key === "ListenStream" ? ipEndpointOf(value) : undefined;

function isOnlyIPv6({ unit }: SocketSubject): boolean {
  const value = valueOf(unit, "Socket", "BindIPv6Only")?.value;
  return value === "ipv6-only" || booleanOf(value) === true;
}

const isIPv4 = (host: string): boolean => /^[\d.]+$/.test(host);

/** A port without a host is also an IPv6 address. */
const isIPv6 = (host: string): boolean => host === "" || host.includes(":");

/**
 * The addresses of a port: the first one of each host, and of each of these kinds. No host begins with a
 * bracket.
 */
type Taken = Map<string, { setting: Setting; order: number }>;

const any = "] any";
const ipv4 = "] IPv4";
const ipv6 = "] IPv6";

/** The addresses opened so far, indexed for lookup. */
class Places {
  readonly #ports = new Map<string, Taken>();
  #count = 0;

  add(setting: Setting): void {
    const place = tcpEndpointOf(setting);
    if (place === undefined) return;
    const { port, host = "" } = place;
    const taken: Taken = this.#ports.get(port) ?? new Map();
    this.#ports.set(port, taken);
    this.#count += 1;
    const kinds = [any, ...(isIPv4(host) ? [ipv4] : []), ...(isIPv6(host) ? [ipv6] : [])];
    for (const key of [host, ...kinds]) {
      if (!taken.has(key)) taken.set(key, { setting, order: this.#count });
    }
  }

  /** The first conflicting address, as defined by `isTakenBy`. */
  whatTakes(setting: Setting, onlyIPv6: boolean): Setting | undefined {
    const place = tcpEndpointOf(setting);
    const taken = place && this.#ports.get(place.port);
    if (place === undefined || taken === undefined) return undefined;
    const { host = "" } = place;
    const taking = [
      host,
      ...(!onlyIPv6 || isIPv6(host) ? ["", "::"] : []),
      ...(isIPv4(host) ? ["0.0.0.0"] : []),
      ...(host === "" || host === "::" ? [onlyIPv6 ? ipv6 : any] : []),
      ...(host === "0.0.0.0" ? [ipv4] : []),
    ];
    const [first] = taking
      .flatMap((key) => taken.get(key) ?? [])
      .toSorted((one, other) => one.order - other.order);
    return first?.setting;
  }
}

/**
 * For each socket, the addresses that it opens twice, or that a socket earlier in alphabetical order opens.
 */
export function conflictsAmong(
  sockets: readonly SocketSubject[],
): ReadonlyMap<SocketSubject, readonly Conflict[]> {
  const byName = sockets.toSorted(({ unit: one }, { unit: other }) =>
    one.name < other.name ? -1 : one.name > other.name ? 1 : 0,
  );
  const conflicts = new Map<SocketSubject, Conflict[]>();
  const ofBoth = new Places();
  const ofIPv6 = new Places();
  let same: SocketSubject[] = [];
  for (const socket of byName) {
    if (same[0]?.unit.name !== socket.unit.name) {
      for (const other of same) {
        for (const setting of other.addresses) (isOnlyIPv6(other) ? ofIPv6 : ofBoth).add(setting);
      }
      same = [];
    }
    same.push(socket);
    const onlyIPv6 = isOnlyIPv6(socket);
    const own = new Places();
    const found: Conflict[] = [];
    for (const setting of socket.addresses) {
      const twice = own.whatTakes(setting, onlyIPv6);
      const first = twice ?? ofBoth.whatTakes(setting, onlyIPv6) ?? ofIPv6.whatTakes(setting, true);
      own.add(setting);
      if (first === undefined) continue;
      const isApart = !onlyIPv6 && !isTakenBy(tcpEndpointOf(first)!, tcpEndpointOf(setting)!, true);
      found.push({ setting, first, apart: isApart && first.file === setting.file });
    }
    conflicts.set(socket, found);
  }
  return conflicts;
}
