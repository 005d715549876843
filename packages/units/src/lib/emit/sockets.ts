import type { SocketDescription } from "../description.ts";
import { raw, unitNamePart } from "../write/escape.ts";
import { isObject, readFields, type Asked, type Directive } from "../read/fields.ts";
import { notAList, shown, type UnitProblem } from "../read/problems.ts";
import * as read from "../read/readers.ts";
import { added, asked, askedOr, type Line, type Section } from "../write/unit-text.ts";
import { refusedLength } from "../read/unit-name.ts";

/** In the order of the unit file. */
const directives: Record<Exclude<keyof SocketDescription, "description">, Directive> = {
  listen: { key: "ListenStream", read: read.oneOrMore(read.address) },
  listenDatagram: { key: "ListenDatagram", read: read.oneOrMore(read.address) },
  name: { key: "FileDescriptorName", read: read.descriptorName },
  noDelay: { key: "NoDelay", read: read.boolean },
  backlog: { key: "Backlog", read: read.count },
  bindIPv6Only: { key: "BindIPv6Only", read: read.oneOf(["default", "both", "ipv6-only"]) },
  bindToDevice: { key: "BindToDevice", read: read.networkInterface },
  freeBind: { key: "FreeBind", read: read.boolean },
  reusePort: { key: "ReusePort", read: read.boolean },
  keepAlive: { key: "KeepAlive", read: read.boolean },
  keepAliveTimeSec: { key: "KeepAliveTimeSec", read: read.duration },
  keepAliveIntervalSec: { key: "KeepAliveIntervalSec", read: read.duration },
  keepAliveProbes: { key: "KeepAliveProbes", read: read.count },
  deferAcceptSec: { key: "DeferAcceptSec", read: read.duration },
  socketMode: { key: "SocketMode", read: read.mode },
  socketUser: { key: "SocketUser", read: read.account },
  socketGroup: { key: "SocketGroup", read: read.account },
  directoryMode: { key: "DirectoryMode", read: read.mode },
  removeOnStop: { key: "RemoveOnStop", read: read.boolean },
  pollLimitIntervalSec: { key: "PollLimitIntervalSec", read: read.duration },
  pollLimitBurst: { key: "PollLimitBurst", read: read.count },
};

const withDescription = { ...directives, description: { key: "Description", read: read.sentence } };

/** A socket of a description, each value as its unit file has it. */
export interface Socket {
  /** The name of its unit, with the suffix. */
  unit: string;
  values: Asked<keyof SocketDescription>;
  /** What tells it from its siblings; `undefined` if it has none. */
  sibling: string | undefined;
}

/** Reads the sockets out of a description; what it returns is of use only if no problem was reported. */
export function readSockets(sockets: unknown, app: string, problems: UnitProblem[]): Socket[] {
  if (!Array.isArray(sockets) || sockets.length === 0) {
    problems.push({
      ...notAList(sockets),
      path: "sockets",
      hint: "write at least one socket: [{ listen: 80 }]",
    });
    return [];
  }
  const several = sockets.length > 1;
  const namesSeen = new Map<string, string>();
  const addressesSeen = new Map<string, string>();
  return Array.from(sockets, (socket: unknown, index): Socket => {
    const path = `sockets[${index}]`;
    const source = isObject(socket) ? socket : {};
    if (!isObject(socket)) {
      problems.push({
        code: "ERR_UNIT_TYPE",
        path,
        message: `${shown(socket)} is not an object`,
        hint: "write a socket: { listen: 80 }",
      });
    }
    const values = readFields(withDescription, [], source, path, problems);
    if (isObject(socket) && source.listen === undefined && source.listenDatagram === undefined) {
      problems.push({
        code: "ERR_UNIT_MISSING",
        path,
        message: "it listens on nothing",
        hint: "write listen: 80, or another address",
      });
    }
    const [name] = values.name;
    if (several && isObject(socket) && source.name === undefined) {
      problems.push({
        code: "ERR_UNIT_MISSING",
        path: `${path}.name`,
        message: "it is missing, and there are several sockets",
        hint: "give each a name; the service tells its sockets apart by it",
      });
    }
    refuseRepeated(values.name, namesSeen, `${path}.name`, "a name", problems);
    for (const field of ["listen", "listenDatagram"] as const) {
      const addresses = values[field].map((address) => `${field} ${address}`);
      refuseRepeated(addresses, addressesSeen, `${path}.${field}`, "an address", problems);
    }
    const sibling = several && typeof source.name === "string" ? source.name : undefined;
    const unit = sibling === undefined ? `${app}.socket` : `${app}-${unitNamePart(sibling)}.socket`;
    const refusal = several && name !== undefined ? refusedLength(unit) : undefined;
    if (refusal !== undefined) problems.push({ path: `${path}.name`, ...refusal });
    return { unit, values, sibling };
  });
}

function refuseRepeated(
  entries: readonly string[],
  seen: Map<string, string>,
  path: string,
  what: string,
  problems: UnitProblem[],
): void {
  for (const entry of entries) {
    const first = seen.get(entry);
    if (first === undefined) seen.set(entry, path);
    else
      problems.push({
        code: "ERR_UNIT_REPEATED",
        path,
        message: `${what} that ${first} has already`,
        hint: "each is given once",
      });
  }
}

/** What a socket unit has to know of its service. */
export interface SocketOwner {
  /** Its name without suffix and instance. */
  name: string;
  /** The unit that traffic starts. */
  startedUnit: string;
  /** Whether it needs systemd 253 in any case. */
  notifies: boolean;
}

/** The sections of a socket's unit file. */
export function socketSections({ unit, values, sibling }: Socket, owner: SocketOwner): Section[] {
  const { name: app, startedUnit, notifies } = owner;
  const say = (field: keyof typeof directives): Line[] => asked(directives[field].key, values[field]);
  const what = sibling === undefined ? `${app} socket` : `${app} ${sibling} socket`;
  return [
    { name: "Unit", lines: askedOr("Description", values.description, raw(what)) },
    {
      name: "Socket",
      lines: [
        ...(Object.keys(directives) as (keyof typeof directives)[]).flatMap(say),
        ...(unit.replace(/socket$/, "service") === startedUnit ? [] : [added("Service", startedUnit)]),
        added("TriggerLimitIntervalSec", "0"),
        ...(notifies ? pollLimit(values) : []),
      ],
    },
    { name: "Install", lines: [added("WantedBy", "sockets.target")] },
  ];
}

/**
 * The limit that bounds a spin without failing the socket: systemd's own, from 255 on. Older ones log a line about it, and so it is
 * written only where a type that notifies asks for a recent systemd in any case.
 */
function pollLimit({ pollLimitIntervalSec, pollLimitBurst }: Socket["values"]): Line[] {
  return [
    ...(pollLimitIntervalSec.length > 0 ? [] : [added("PollLimitIntervalSec", "2s")]),
    ...(pollLimitBurst.length > 0 ? [] : [added("PollLimitBurst", "15")]),
  ];
}
