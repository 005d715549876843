import type { AnnouncedSocket } from "@sockact/shared/preload";
import { type MapEntry, mappedNames } from "./socket-map.ts";
import { ipOf, type Target } from "./target.ts";

/**
 * The rule that assigns sockets to a server. `map`: SOCKACT_MAP names them. `address`: they have its port or
 * path. `only`: they are the only sockets.
 */
export type Rule = "map" | "address" | "only";

/** The sockets of a server. Another server may already serve some or all of them. */
export interface Match {
  rule: Rule;
  sockets: readonly AnnouncedSocket[];
}

/** What the rules use, besides the port or path of the server. */
export interface Situation {
  sockets: readonly AnnouncedSocket[];
  map: readonly MapEntry[];
  isHttp: boolean;
  /** Whether the only socket may go to a server on another port. */
  mayTakeOnly: boolean;
}

/** Finds the sockets of a server, by the first rule that applies. */
export function matchSockets(target: Target, situation: Situation): Match | undefined {
  const { sockets, map } = situation;
  const names = mappedNames(map, target);
  const mapped = sockets.filter(({ name }) => names.includes(name));
  if (mapped.length > 0) return { rule: "map", sockets: mapped };
  if (target.port === 0) return undefined;
  const unmapped = sockets.filter(
    (socket) => !map.some(({ name }) => name === socket.name) && canBeServed(socket),
  );
  const same = withSameAddress(target, unmapped);
  if (same.length > 0) return { rule: "address", sockets: same };
  // If the map names some sockets, the others do not count as the only socket: the map may have a wrong port
  // for this server.
  if (unmapped.length < sockets.filter(canBeServed).length || !isOnly(unmapped, target, situation))
    return undefined;
  return { rule: "only", sockets: unmapped };
}

/**
 * The sockets with the port or path of the target. If the host is an IP address, sockets with exactly this
 * address are preferred.
 */
function withSameAddress(target: Target, sockets: readonly AnnouncedSocket[]): readonly AnnouncedSocket[] {
  if (target.path !== undefined) return sockets.filter(({ facts }) => facts?.address === target.path);
  const samePort = sockets.filter(({ facts }) => portOf(facts?.address) === target.port);
  const ip = ipOf(target.host);
  const sameHost = samePort.filter(({ facts }) => ip !== undefined && hostOf(facts?.address) === ip);
  return sameHost.length > 0 ? sameHost : samePort;
}

function portOf(address: string | null | undefined): number | undefined {
  const digits = /^(?:\[[^\]]*\]|[\d.]+):(\d+)$/.exec(address ?? "")?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function hostOf(address: string | null | undefined): string | undefined {
  return /^\[?([^\]]*)\]?:\d+$/.exec(address ?? "")?.[1];
}

/**
 * Whether the sockets count as one: they have the same name, as those of one socket unit, or they have no
 * name and the same port, as the two of `localhost`.
 */
export function areOne(sockets: readonly AnnouncedSocket[]): boolean {
  const [first] = sockets;
  if (first === undefined || sockets.some(({ name }) => name !== first.name)) return false;
  if (first.name !== "unknown" || sockets.length === 1) return true;
  const port = portOf(first.facts?.address);
  return port !== undefined && sockets.every(({ facts }) => portOf(facts?.address) === port);
}

function isOnly(
  sockets: readonly AnnouncedSocket[],
  target: Target,
  { isHttp, mayTakeOnly }: Situation,
): boolean {
  if (!mayTakeOnly || !areOne(sockets)) return false;
  // A server on another path may belong to a tool that talks to its own processes.
  return target.path === undefined || isHttp || sockets.every(({ facts }) => facts?.family === "unix");
}

/** Whether a server can listen on or serve a socket. True if that is unknown. */
export function canBeServed({ name, facts }: AnnouncedSocket): boolean {
  return name !== "stored" && (facts === undefined || (facts.kind !== "datagram" && facts.kind !== "other"));
}
