import type { AnnouncedSocket } from "@sockact/core/preload";
import { type MapEntry, mappedNames } from "./socket-map.ts";
import { ipOf, type Target } from "./target.ts";

/** Why a server gets its sockets: SOCKACT_MAP names them, they have its port or path, or there are no others. */
export type Rule = "map" | "address" | "only";

/** The sockets that belong to a server. Some of them, or all, may be served by another server already. */
export interface Match {
  rule: Rule;
  sockets: readonly AnnouncedSocket[];
}

/** What the rules depend on besides where the server listens. */
export interface Situation {
  sockets: readonly AnnouncedSocket[];
  map: readonly MapEntry[];
  /** Whether it is a server of HTTP. */
  isHttp: boolean;
  /** Whether the only socket may go to a server that has another port. */
  mayTakeOnly: boolean;
}

/** Finds the sockets that belong to a server, by the first rule that applies. */
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
  // Where the map names some, the others belong to servers that it leaves out, and not to one whose entry has a wrong port.
  if (unmapped.length < sockets.filter(canBeServed).length || !isOnly(unmapped, target, situation))
    return undefined;
  return { rule: "only", sockets: unmapped };
}

/** The sockets with the port or the path of the target. With an IP address as the host, those of that very address are preferred. */
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

/** Whether the sockets count as one: those of one socket unit have one name. Without names, only the addresses of `localhost` do, which have one port. */
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
  // A path that is not the socket's may be that of a tool, for its own processes.
  return target.path === undefined || isHttp || sockets.every(({ facts }) => facts?.family === "unix");
}

/** Whether a server can listen on a socket, or serve it, as far as is known. */
export function canBeServed({ name, facts }: AnnouncedSocket): boolean {
  return name !== "stored" && (facts === undefined || (facts.kind !== "datagram" && facts.kind !== "other"));
}
