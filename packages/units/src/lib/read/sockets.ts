import type { SocketDescription } from "../description/socket.ts";
import { unitNamePart } from "../systemd/escaping.ts";
import { objectOf, readFields, type Asked } from "./fields/fields.ts";
import { conflictsIn, notAList, type UnitProblem } from "../problems.ts";
import type { Arrangement } from "./fields/arrangement.ts";
import { readRaw, type RawSections } from "./fields/raw.ts";
import { socketSynonyms } from "./fields/synonyms.ts";
import { refusedLength } from "../systemd/unit-names.ts";
import { reportNewerFields } from "./fields/versions.ts";
import {
  otherSocketFields,
  socketFieldOf,
  type SocketField,
  withDescription,
} from "./fields/socket-directives.ts";

/** A socket of a description, with values as in the unit file. */
export interface Socket {
  /** The name of its unit, with the suffix. */
  unit: string;
  values: Asked<SocketField>;
  raw: RawSections;
  /** Its path in the description: `sockets[0]`. */
  path: string;
  /** The name that distinguishes it from the other sockets, or `undefined`. */
  sibling: string | undefined;
}

/**
 * Reads the sockets of a description. The result is valid only if no problem was reported.
 *
 * @param hintsInSockets hints for fields that belong to the service.
 */
export function readSockets(
  sockets: unknown,
  owner: SocketOwner,
  problems: UnitProblem[],
  hintsInSockets: Readonly<Record<string, string>>,
): Socket[] {
  const {
    name: app,
    arrangement: { kind, systemd },
  } = owner;
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
    const given = objectOf(socket, path, "write a socket: { listen: 80 }", problems);
    const source = given ?? {};
    const values = readFields(withDescription, otherSocketFields, source, path, problems, () => ({
      ...hintsInSockets,
      ...socketSynonyms,
    }));
    reportNewerFields(systemd, withDescription, values, (field) => `${path}.${field}`, problems);
    reportSocketConflicts(values, source, path, problems);
    const further = readRaw(
      source.raw,
      ["Unit", "Socket", "Install"],
      socketFieldOf,
      systemd,
      `${path}.raw`,
      problems,
    );
    const listens =
      // A name such as listenFIFO is already reported as an unknown field.
      Object.entries(source).some(([field, value]) => /^listen/i.test(field) && value !== undefined) ||
      further.Socket?.some(({ key }) => key.startsWith("Listen"));
    if (given !== undefined && listens !== true) {
      problems.push({
        code: "SOCKACT_ERR_UNIT_MISSING",
        path,
        message: "it has no address to listen on",
        hint: "write listen: 80, or another address",
      });
    }
    const [name] = values.name;
    if (several && given !== undefined && source.name === undefined) {
      problems.push({
        code: "SOCKACT_ERR_UNIT_MISSING",
        path: `${path}.name`,
        message: "it is missing, and there are several sockets",
        hint: "give each socket a name, by which the service distinguishes them",
      });
    }
    reportRepeated(values.name, namesSeen, `${path}.name`, "a name", problems);
    for (const field of addressFields) {
      const addresses = values[field].map((address) => `${field} ${address}`);
      reportRepeated(addresses, addressesSeen, `${path}.${field}`, "an address", problems);
    }
    const sibling = several && typeof source.name === "string" ? source.name : undefined;
    const stem = sibling === undefined ? app : `${app}-${unitNamePart(sibling)}`;
    const unit = `${stem}${kind === "template" ? "@" : ""}.socket`;
    const refusal = several && name !== undefined ? refusedLength(unit) : undefined;
    if (refusal !== undefined) problems.push({ path: `${path}.name`, ...refusal });
    return { unit, path, values, sibling, raw: further };
  });
}

const addressFields = ["listen", "listenDatagram", "listenSequentialPacket"] as const;

/** Reports fields that fail or have no effect in combination with another field. */
function reportSocketConflicts(
  values: Socket["values"],
  source: Record<string, unknown>,
  path: string,
  problems: UnitProblem[],
): void {
  const conflict = conflictsIn(problems);
  const report = (field: keyof SocketDescription, message: string, hint: string) =>
    conflict(`${path}.${field}`, message, hint);
  if (source.accept === true) {
    if (source.flushPending === true)
      report("flushPending", "systemd allows it only without accept", "leave it out, or accept");
  } else {
    for (const field of ["maxConnections", "maxConnectionsPerSource"] as const) {
      if (values[field].length > 0)
        report(
          field,
          "without accept, systemd does not count the connections",
          "write accept: true, or leave it out",
        );
    }
  }
  const ofProtocol = {
    udplite: ["listen", "listenSequentialPacket"],
    mptcp: ["listenDatagram", "listenSequentialPacket"],
    sctp: ["listenDatagram"],
  } as const;
  const others = ofProtocol[values.socketProtocol[0] as keyof typeof ofProtocol] ?? [];
  for (const field of others) {
    if (values[field].length > 0)
      report(
        field,
        `${values.socketProtocol[0]} has no sockets of this kind`,
        "write a separate socket, or leave socketProtocol out",
      );
  }
  const files = addressFields.flatMap((field) => values[field]).filter((address) => /^[/%]/.test(address));
  if (values.symlinks.length > 0 && files.length !== 1) {
    report(
      "symlinks",
      `the socket has ${files.length} files, and systemd links to only one`,
      "write one path to listen on, or leave it out",
    );
  }
}

function reportRepeated(
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
        code: "SOCKACT_ERR_UNIT_REPEATED",
        path,
        message: `${what} that ${first} already has`,
        hint: "each must be given only once",
      });
  }
}

/** Facts about its service that affect a socket unit. */
export interface SocketOwner {
  /** Its name, without suffix and instance. */
  name: string;
  arrangement: Arrangement;
  /** The unit that traffic starts. */
  startedUnit: string;
  /** The instance that systemctl enables by default, as in the unit file. */
  defaultInstance: string[];
  /** Whether a condition may prevent the service from starting. */
  isConditional: boolean;
  /** The addresses of the health socket. */
  healthSocket: readonly string[];
}
