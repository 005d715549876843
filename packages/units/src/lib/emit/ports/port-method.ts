import { isObject } from "../../read/fields/fields.ts";
import { conflictsIn, member, shown, type UnitProblem } from "../../problems.ts";
import type { RawSections } from "../../read/fields/raw.ts";
import { asked, askedOr, type Line, type Section } from "../../write/lines.ts";
import type { Service } from "../../read/service.ts";
import type { ServiceParts } from "../sections/service.ts";
import type { Socket, SocketOwner } from "../../read/sockets.ts";
import { socketSections } from "../sections/socket.ts";

/** A unit file to write. */
export interface Unit {
  /** Its name, with the suffix. */
  unit: string;
  sections: Section[];
  /** The raw lines of the description for this unit. */
  raw?: RawSections;
}

/** How a service gets its ports. */
export interface PortMethod {
  /** Reports fields of the description that this method can't write. */
  report(description: Record<string, unknown>, problems: UnitProblem[]): void;
  /** Returns the units, in the order in which they are written. */
  units(service: Service, sockets: readonly Socket[], description: Record<string, unknown>): Unit[];
}

/** The sections of a service unit that do not depend on the port method. Each method adds to them. */
export function defaultParts({ values, sandbox, arrangement }: Service): ServiceParts {
  // The service of a connection is never started manually.
  const type =
    arrangement.kind === "accept"
      ? asked("Type", values.type, "type")
      : askedOr("Type", values.type, "type", "exec");
  return {
    type,
    requires: [],
    after: [],
    command: [],
    commandAfter: [],
    environment: [],
    own: [],
    sandbox: sandbox.lines,
    install: [
      ...asked("WantedBy", values.wantedBy, "wantedBy"),
      ...asked("DefaultInstance", values.defaultInstance, "defaultInstance"),
    ],
  };
}

/** Returns the unit of a socket. */
export function socketUnit(socket: Socket, owner: SocketOwner): Unit {
  return { unit: socket.unit, raw: socket.raw, sections: socketSections(socket, owner) };
}

/** Reports the fields in this list that the description sets. */
export function reportFields(
  source: Record<string, unknown>,
  fields: readonly string[],
  path: string,
  [message, hint]: readonly [message: string, hint: string],
  problems: UnitProblem[],
): void {
  const report = conflictsIn(problems);
  for (const field of fields) {
    if (source[field] !== undefined && source[field] !== false) report(member(path, field), message, hint);
  }
}

/** Calls a function with each socket of a description, and with its path. */
export function forEachSocket(
  { sockets }: Record<string, unknown>,
  check: (socket: Record<string, unknown>, path: string) => void,
): void {
  for (const [index, socket] of (Array.isArray(sockets) ? sockets : []).entries())
    if (isObject(socket)) check(socket, `sockets[${index}]`);
}

/** Returns a sandbox without some of its directives. */
export function withoutDirectives(lines: readonly Line[], ...keys: string[]): Line[] {
  return lines.filter(({ key }) => !keys.includes(key));
}

/**
 * Returns a sandbox that also allows sockets of these address families. Without a sandbox, it changes
 * nothing.
 */
export function withAddressFamilies(lines: readonly Line[], reason: string, ...families: string[]): Line[] {
  return lines.map((line) => {
    const there = line.value.split(" ").filter((family) => family !== "none");
    const more = families.filter((family) => !there.includes(family));
    return line.key === "RestrictAddressFamilies" && more.length > 0
      ? { ...line, value: [...there, ...more].join(" "), reason }
      : line;
  });
}

/**
 * Reports a socket with the name of its unit, if that contains a `:`. LISTEN_FDNAMES separates names by `:`,
 * so the service would see two names.
 */
export function reportSplitName(description: Record<string, unknown>, problems: UnitProblem[]): void {
  const { name, sockets } = description;
  const [only, another] = Array.isArray(sockets) ? (sockets as unknown[]) : [];
  if (typeof name !== "string" || !name.includes(":") || another !== undefined || !isObject(only)) return;
  if (only["name"] !== undefined || only["accept"] === true) return;
  problems.push({
    code: "SOCKACT_ERR_UNIT_NAME",
    path: "name",
    message: `${shown(name)} contains a :, and the socket without a name gets this name`,
    hint: "leave out the :, or give the socket a name. In LISTEN_FDNAMES, a : separates the names of sockets",
  });
}
