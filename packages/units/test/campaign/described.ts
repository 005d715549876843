import fc from "fast-check";
import { durationOf } from "../../src/lib/read/duration.ts";
import { unitNamePart } from "../../src/lib/write/escape.ts";
import type { AppDescription, SocketDescription } from "../../src/index.ts";
import { serviceFields, socketFields, type Field, type Fields } from "./fields.ts";
import { sandboxShown } from "./sandbox.ts";
import { together, type Shown } from "./shown.ts";
import { infinity, type Said } from "./values.ts";

/** What fields are filled in with, and what systemd shows of it; a field that is left out has neither. */
type Filled<Description> = {
  [Name in keyof Description]?: { value: NonNullable<Description[Name]>; shown: Shown } | undefined;
};

/** A description, and what is to become of it. */
export interface Described {
  description: AppDescription;
  /** By the name of the unit that systemd loads, what it shows; the sockets first. */
  units: Record<string, Shown>;
  /** What `systemctl enable` of `enabled` links, by folders of /etc/systemd/system. */
  links: string[];
  enabled: string;
}

function filled<Description>(
  fields: Fields<Description>,
  required: readonly (keyof Description)[],
): fc.Arbitrary<Filled<Description>> {
  const arbitraries = entries(fields).map(([name, { values }]) => [
    name,
    required.includes(name) ? values : fc.option(values, { nil: undefined, freq: 2 }),
  ]);
  return fc.record(Object.fromEntries(arbitraries)) as fc.Arbitrary<Filled<Description>>;
}

function entries<Description>(fields: Fields<Description>): [keyof Description, Field<unknown>][] {
  return Object.entries(fields) as [keyof Description, Field<unknown>][];
}

function valuesOf<Description>(filling: Filled<Description>): Description {
  const given = Object.entries(filling as Record<string, Said | undefined>).filter(
    ([, said]) => said !== undefined,
  );
  return Object.fromEntries(given.map(([name, said]) => [name, said!.value])) as Description;
}

function shownOf<Description>(fields: Fields<Description>, filling: Filled<Description>): Shown[] {
  return entries(fields).map(([name, { otherwise }]) => filling[name]?.shown ?? otherwise);
}

/** Gives each socket an address of its own and, where there are several, a name. */
function apartFromEachOther(sockets: readonly Filled<SocketDescription>[]): void {
  const taken = new Set<string>();
  for (const [index, socket] of sockets.entries()) {
    const addresses = (["listen", "listenDatagram"] as const).flatMap((field) =>
      [socket[field]?.value ?? []].flat().map((address) => `${field} ${address}`),
    );
    if (addresses.length === 0 || new Set([...taken, ...addresses]).size < taken.size + addresses.length) {
      socket.listen = { value: `@socket${index}`, shown: { Listen: [["Stream", `@socket${index}`]] } };
      delete socket.listenDatagram;
    }
    for (const address of addresses) taken.add(address);
    const name = `${index} ${socket.name?.value ?? "socket"}`;
    if (sockets.length > 1) socket.name = { value: name, shown: { FileDescriptorName: name } };
  }
}

/** Takes out what contradicts the rest, and would be refused. */
function withoutContradictions(service: Filled<AppDescription>): void {
  const { name, type, rolling, drainTimeout, timeoutStopSec, idleTimeout, restart } = service;
  if (rolling?.value === true && name !== undefined) {
    name.value = name.value.replace(/@.*/, "");
    if (!notifies(type?.value)) delete service.type;
  } else if (!notifies(type?.value)) {
    for (const field of ["notifyAccess", "openFile", "watchdogSec"] as const) delete service[field];
  }
  if (durationOf(timeoutStopSec?.value)! <= durationOf(drainTimeout?.value)!) delete service.timeoutStopSec;
  if (durationOf(idleTimeout?.value) === 0) delete service.idleTimeout;
  if (service.idleTimeout && ["always", "on-success"].includes(restart?.value ?? "")) delete service.restart;
}

function notifies(type: string | undefined): boolean {
  return type?.startsWith("notify") === true;
}

/** What systemd shows of the service that is no single field's. */
function serviceShown(description: AppDescription, unit: string, sockets: readonly string[]): Shown {
  const { type, rolling = false, restart = "on-failure" } = description;
  const tells = rolling || notifies(type);
  const drain = durationOf(description.drainTimeout);
  const passed = sockets.length > 1 || rolling ? sockets : [];
  return {
    Id: unit,
    LoadState: "loaded",
    LoadError: ["", ""],
    Description: description.name,
    Requires: sockets,
    After: sockets,
    Wants: passed,
    TriggeredBy: sockets,
    StartLimitIntervalUSec: 0,
    Type: rolling ? "notify" : "simple",
    NotifyAccess: tells ? "main" : "none",
    OpenFile: tells && description.openFile !== false ? [["/run/systemd/notify", "notify", 0]] : [],
    DynamicUser: description.user === undefined,
    ...(description.user === undefined ? {} : { Group: "" }),
    Environment: [],
    RestartUSec: restart === "no" ? 100_000 : 1_000_000,
    TimeoutStopUSec:
      drain === undefined
        ? 90_000_000
        : drain === Infinity
          ? infinity.shown
          : (Math.ceil(drain) + 10_000) * 1000,
    NonBlocking: true,
  };
}

function socketShown(
  socket: SocketDescription,
  app: string,
  unit: string,
  started: string,
  several: boolean,
): Shown {
  return {
    Id: unit,
    LoadState: "loaded",
    LoadError: ["", ""],
    Description: several ? `${app} ${socket.name} socket` : `${app} socket`,
    FileDescriptorName: unit,
    Triggers: [started],
    TriggerLimitIntervalUSec: 0,
  };
}

/** A description that can be written, with what it means; the number is in its name. */
function meaning(
  service: Filled<AppDescription>,
  sockets: readonly Filled<SocketDescription>[],
  number: number,
): Described {
  withoutContradictions(service);
  apartFromEachOther(sockets);
  const description: AppDescription = { ...valuesOf(service), sockets: sockets.map(valuesOf) };
  description.name = `c${number}-${description.name}`;
  const { name, rolling, wantedBy = [] } = description;
  const unit = `${name}${rolling === true ? "@blue" : ""}.service`;
  const several = sockets.length > 1;
  const socketUnits = description.sockets.map(
    (socket) => `${name}${several ? `-${unitNamePart(socket.name!)}` : ""}.socket`,
  );
  const shownOfSockets = description.sockets.map((socket, index) => [
    socketUnits[index],
    together([
      socketShown(socket, name, socketUnits[index]!, unit, several),
      ...shownOf(socketFields, sockets[index]!),
    ]),
  ]);
  return {
    description,
    units: {
      ...Object.fromEntries(shownOfSockets),
      [unit]: together([
        serviceShown(description, unit, socketUnits),
        sandboxShown(description),
        ...shownOf(serviceFields, service),
      ]),
    },
    links: [
      ...socketUnits.map((socket) => `sockets.target.wants/${socket}`),
      ...new Set(wantedBy.map((target) => `${target}.wants/${unit}`)),
    ],
    // The template stands for its instance blue where it is wanted by something at all.
    enabled: rolling === true && wantedBy.length > 0 ? `${name}@.service` : unit,
  };
}

const fillings = fc.tuple(
  filled(serviceFields, ["name", "exec", "sockets"]),
  fc.array(filled(socketFields, []), { minLength: 1, maxLength: 3 }),
);

/** So many descriptions with all that they mean, the same for the same seed. */
export function describedBy(seed: number, numRuns: number): Described[] {
  return fc
    .sample(fillings, { seed, numRuns })
    .map(([service, sockets], number) => meaning(service, sockets, number));
}
