import {
  loadUnit,
  valueOf,
  valuesOf,
  type GivenUnits,
  type LoadedUnit,
  type Setting,
} from "../../parse/load.ts";
import { expandSpecifiers } from "../../systemd/expansion.ts";
import { wordsOf } from "../../parse/words.ts";
import { programOf, type Program } from "./program.ts";
import { ipEndpointOf, type IPEndpoint } from "../../systemd/ip-endpoints.ts";
import { booleanOf } from "../../systemd/booleans.ts";
import { directivesOf } from "../../systemd/directives.ts";
import { unitNameParts } from "../../systemd/unit-names.ts";

/** A socket unit, and the service that it starts. */
export interface SocketSubject {
  unit: LoadedUnit;
  /** Whether systemd starts a process for each connection. */
  accepts: boolean;
  /** The unit that the socket starts. With Accept=yes, a template. */
  starts: string;
  /** `undefined` if the service is not among the files. */
  service: ServiceSubject | undefined;
  /**
   * With Accept=yes, the service that the socket would start without it. `undefined` if it is not among the
   * files.
   */
  withoutAccept: ServiceSubject | undefined;
  /** The assignments of ListenStream= and similar directives. */
  addresses: readonly Setting[];
  given: GivenUnits;
}

/** A service unit, its sockets and its program. */
export interface ServiceSubject {
  unit: LoadedUnit;
  /** The sockets that start the service or an instance of it. */
  sockets: readonly SocketSubject[];
  /**
   * Whether a service with a socket, such as systemd-socket-proxyd, also starts it (`Requires=`, `BindsTo=`).
   */
  isBehindSocket: boolean;
  /** Whether a user's service manager runs it. */
  user: boolean;
  program: Program | undefined;
  environment: ReadonlyMap<string, Variable>;
  /** The names in Before= and Conflicts= of any of the files. */
  ordered: ReadonlySet<string>;
}

export interface Variable {
  value: string;
  setting: Setting;
}

function environmentOf(unit: LoadedUnit): ReadonlyMap<string, Variable> {
  const variables = new Map<string, Variable>();
  for (const setting of valuesOf(unit, "Service", "Environment")) {
    for (const word of wordsOf(setting.value).words) {
      const [, name, value] = /^([A-Za-z_]\w*)=([^]*)$/.exec(expandSpecifiers(word, unit.name)) ?? [];
      if (name !== undefined && value !== undefined) variables.set(name, { value, setting });
    }
  }
  return variables;
}

/** The words of an unquoted list, such as unit names, each with its assignment. */
export function namesIn(
  unit: LoadedUnit,
  section: string,
  ...keys: string[]
): { name: string; setting: Setting }[] {
  return keys
    .flatMap((key) => valuesOf(unit, section, key))
    .flatMap((setting) =>
      setting.value
        .split(/\s+/)
        .filter((word) => word !== "")
        .map((word) => {
          const name = expandSpecifiers(word, unit.name);
          // Only these two lists have backslash escapes.
          const isEscaped = setting.key === "Sockets" || setting.key === "Also";
          return { name: isEscaped ? name.replaceAll("\\\\", "\\") : name, setting };
        }),
    );
}

/** The IP endpoint that an assignment opens. */
export function endpointOf({ key, value }: Setting): IPEndpoint | undefined {
  return /^Listen(?:Stream|Datagram)$/.test(key) ? ipEndpointOf(value) : undefined;
}

/**
 * Whether systemd reads the unit's file to its end. Otherwise it does not load the unit, and other findings
 * would be wrong.
 */
export const isRead = ({ unit }: { unit: LoadedUnit }): boolean =>
  !unit.isCut && unit.own.entries.every(({ kind }) => kind !== "unreadable");

/** Whether the folder or the notify socket of a unit shows that a user's service manager runs it. */
const isOfUser = (unit: LoadedUnit): boolean =>
  /(?:^|\/)systemd\/user\//.test(unit.file) ||
  valuesOf(unit, "Service", "OpenFile").some(({ value }) =>
    /^\/run\/user\/\d+\/systemd\/notify(?=:|$)/.test(value),
  );

function namesOrdered(given: GivenUnits): ReadonlySet<string> {
  return new Set(
    given.all.flatMap(({ settings, base }) =>
      settings
        .filter(({ section, key }) => section === "Unit" && (key === "Before" || key === "Conflicts"))
        .flatMap(({ value }) => expandSpecifiers(value, base).split(/\s+/)),
    ),
  );
}

/** The service or socket of this name, without assignments that systemd ignores in their section. */
export function unitAmong(given: GivenUnits, name: string): LoadedUnit | undefined {
  const unit = loadUnit(name, given);
  const { type } = unitNameParts(name);
  const sections = Object.hasOwn(directivesOf, type) ? directivesOf[type]! : {};
  if (unit === undefined) return undefined;
  const isKnown = (section: string, key: string): boolean =>
    Object.hasOwn(sections, section) && sections[section]!.has(key);
  if (unit.settings.every(({ section, key }) => isKnown(section, key))) return unit;
  const bySection = new Map(
    [...unit.bySection].map(([section, keys]) => [
      section,
      new Map([...keys].filter(([key]) => isKnown(section, key))),
    ]),
  );
  return { ...unit, settings: unit.settings.filter(({ section, key }) => isKnown(section, key)), bySection };
}

/** A service whose sockets are not known yet. */
type Started = ServiceSubject & { sockets: SocketSubject[] };

/**
 * The sockets and services among the files. With `user`, a user's service manager runs all of them; a unit
 * can also show that itself.
 */
export function subjectsOf(
  given: GivenUnits,
  user: boolean,
): { sockets: SocketSubject[]; services: ServiceSubject[] } {
  const units = (type: string) => {
    const names = given.all.flatMap(({ dropInOf, base }) => (dropInOf === undefined ? base : []));
    return [...new Set(names)]
      .filter((name) => name.endsWith(`.${type}`))
      .flatMap((name) => unitAmong(given, name) ?? []);
  };

  const ordered = namesOrdered(given);
  const services = units("service").map((unit): Started => {
    const environment = environmentOf(unit);
    return {
      unit,
      sockets: [],
      isBehindSocket: false,
      user: user || isOfUser(unit),
      program: programOf(unit, environment.get("NODE_OPTIONS")?.value ?? ""),
      environment,
      ordered,
    };
  });
  // If two files have the same name, the first one is the unit.
  const byName = new Map(services.toReversed().map((service) => [service.unit.name, service]));
  const sockets = units("socket").map((unit): SocketSubject => {
    const { prefix, instance } = unitNameParts(unit.name);
    const accepts = booleanOf(valueOf(unit, "Socket", "Accept")?.value) === true;
    const named = (name: string) => byName.get(name) ?? byName.get(name.replace(/@[^@]+\./, "@."));
    const listening = `${prefix}${instance === undefined ? "" : `@${instance}`}.service`;
    const told = valueOf(unit, "Socket", "Service");
    const starts =
      told !== undefined
        ? expandSpecifiers(told.value, unit.name)
        : accepts
          ? `${prefix}@.service`
          : listening;
    const service = named(starts);
    const withoutAccept = accepts && told === undefined ? named(listening) : undefined;
    // An empty assignment of any kind resets all of them.
    const listens = unit.settings.filter(
      ({ section, key }) => section === "Socket" && /^Listen[A-Z]/.test(key),
    );
    const addresses = listens.slice(listens.findLastIndex(({ value }) => value === "") + 1);
    const socket: SocketSubject = { unit, accepts, starts, service, withoutAccept, addresses, given };
    service?.sockets.push(socket);
    return socket;
  });
  for (const { unit } of services.filter((service) => service.sockets.length > 0)) {
    for (const { name } of namesIn(unit, "Unit", "Requires", "BindsTo")) {
      const behind = byName.get(name);
      if (behind !== undefined) behind.isBehindSocket = true;
    }
  }
  return { sockets: sockets.filter(isRead), services: services.filter(isRead) };
}
