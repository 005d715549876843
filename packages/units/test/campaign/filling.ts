import fc from "fast-check";
import { durationOf } from "@sockact/shared/durations";
import {
  emitUnits,
  UnitError,
  type AppDescription,
  type FindingCode,
  type HardeningOptions,
  type SocketDescription,
} from "../../src/index.ts";
import type { Field, Fields } from "./field.ts";
import { serviceFields } from "./service-fields.ts";
import { socketFields } from "./socket-fields.ts";
import { hardeningFields } from "./sandbox.ts";
import type { Shown } from "./shown.ts";
import { withoutInstance, type Said } from "./values.ts";

/** What fields are filled in with, and what systemd shows of it; a field that is left out has neither. */
type Filled<Description> = {
  [Name in keyof Description]?: { value: NonNullable<Description[Name]>; shown: Shown } | undefined;
};

const kinds = ["pair", "rolling", "template", "accept"] as const;
export type Kind = (typeof kinds)[number];

/** How the fields of a description are filled in. */
export interface Filling {
  kind: Kind;
  service: Filled<AppDescription>;
  sockets: Filled<SocketDescription>[];
  hardening: Filled<HardeningOptions>;
}

function filled<Description>(
  fields: Fields<Description>,
  required: readonly (keyof Description)[],
): fc.Arbitrary<Filled<Description>> {
  const arbitraries = entries(fields).map(([name, { values }]) => [
    name,
    required.includes(name)
      ? values
      : fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: values }),
  ]);
  return fc.record(Object.fromEntries(arbitraries)) as fc.Arbitrary<Filled<Description>>;
}

function entries<Description>(fields: Fields<Description>): [keyof Description, Field<unknown>][] {
  return Object.entries(fields).filter(([, field]) => field !== undefined) as [
    keyof Description,
    Field<unknown>,
  ][];
}

function valuesOf<Description>(filling: Filled<Description>): Description {
  const given = Object.entries(filling as Record<string, Said | undefined>).filter(
    ([, said]) => said !== undefined,
  );
  return Object.fromEntries(given.map(([name, said]) => [name, said!.value])) as Description;
}

export function shownOf<Description>(fields: Fields<Description>, filling: Filled<Description>): Shown[] {
  return entries(fields).map(([name, { otherwise }]) => filling[name]?.shown ?? otherwise);
}

export function isNotifying(type: string | undefined): boolean {
  return type?.startsWith("notify") === true;
}

const addressFields = ["listen", "listenDatagram", "listenSequentialPacket"] as const;

/** What a socket listens on that no other does. */
function ownAddress(index: number): Said<string> & { shown: Shown } {
  return { value: `@socket${index}`, shown: { Listen: [["Stream", `@socket${index}`]] } };
}

/** Gives each socket an address of its own and, where there are several, a name. */
function apartFromEachOther(sockets: readonly Filled<SocketDescription>[]): void {
  const taken = new Set<string>();
  for (const [index, socket] of sockets.entries()) {
    const listens = () =>
      addressFields.flatMap((field) => (socket[field]?.shown["Listen"] ?? []) as [string, string][]);
    const addresses = listens().map((address) => JSON.stringify(address));
    if (addresses.length === 0 || new Set([...taken, ...addresses]).size < taken.size + addresses.length) {
      socket.listen = ownAddress(index);
      delete socket.listenDatagram;
      delete socket.listenSequentialPacket;
    }
    for (const address of addresses) taken.add(address);
    const name = `${index} ${socket.name?.value ?? "socket"}`;
    if (sockets.length > 1) socket.name = { value: name, shown: { FileDescriptorName: name } };
    const protocol = socket.socketProtocol?.value;
    // UDP-Lite has datagrams alone, and the others none.
    const others = protocol === "udplite" ? socket.listen : socket.listenDatagram;
    if (others || (protocol !== "sctp" && socket.listenSequentialPacket)) delete socket.socketProtocol;
    if (listens().filter(([, address]) => address.startsWith("/")).length !== 1) delete socket.symlinks;
  }
}

/** Leaves the PROXY protocol only to sockets that the variable can name. */
function withNamesForProxies({ kind, service, sockets }: Filling): void {
  for (const socket of sockets) {
    const name = socket.name?.value;
    const isNamed = kind === "accept" ? name === undefined : kind !== "template" || name !== undefined;
    if (!isNamed || name?.includes(" ") || !socket.listen || service.inetd) delete socket.proxyProtocol;
  }
}

/** Takes out what contradicts the rest in most descriptions, and would be refused. */
function withoutContradictions({ kind, service, sockets, hardening }: Filling): void {
  const take = <Description>(from: Filled<Description>, ...fields: (keyof Description)[]) => {
    for (const field of fields) delete from[field];
  };
  const { name, type, user, exec, restart } = service;
  const node = exec!.value[0] === "/srv/bin/node";
  const yes = { value: true, shown: {} };
  if (kind === "rolling") service.rolling = yes;
  if (kind === "template") service.template = yes;
  if (kind === "accept") sockets[0]!.accept = yes;
  // It has a filling of its own.
  take(service, "hardening");
  if (kind !== "pair") name!.value = name!.value.replace(/@.*/, "");
  // A socket without a name gets that of the units.
  if (sockets.some((socket) => socket.name === undefined)) name!.value = name!.value.replaceAll(":", "_");
  // A command for the reload, and its signal, stay: they are refused.
  if (!node || kind === "accept" || service.handover?.value !== true)
    take(service, "handover", "handoverTimeout");
  const limit = durationOf(service.handoverTimeout?.value);
  if (limit === 0 || limit! >= durationOf(service.timeoutStartSec?.value)!) take(service, "handoverTimeout");
  const notifies = kind === "rolling" || service.handover !== undefined;
  if (kind !== "rolling") take(service, "rolling");
  const isRefused = service.handover !== undefined && type?.value === "notify-reload";
  if (notifies && (isRefused || !isNotifying(type?.value))) take(service, "type");
  if (!notifies && !isNotifying(type?.value)) take(service, "notifyAccess", "openFile", "watchdogSec");
  if (kind !== "template") take(service, "template", "defaultInstance");
  if (kind !== "accept") {
    take(service, "inetd");
    for (const socket of sockets) take(socket, "accept", "maxConnections", "maxConnectionsPerSource");
  } else {
    take(service, "idleTimeout", "wantedBy");
    if (restart?.value !== "no") take(service, "restart");
    sockets.splice(1);
    take(sockets[0]!, "listenDatagram", "flushPending");
  }
  if (durationOf(service.timeoutStopSec?.value)! <= durationOf(service.drainTimeout?.value)!)
    take(service, "timeoutStopSec");
  for (const field of ["timeoutStartSec", "timeoutStopSec"] as const)
    if (durationOf(service[field]?.value) === 0) take(service, field);
  for (const field of ["restartSec", "restartMaxDelaySec"] as const)
    if (durationOf(service[field]?.value)! < 100) take(service, field);
  if (!user && !service.group && !service.supplementaryGroups?.value.length) take(service, "readWritePaths");
  if (durationOf(service.idleTimeout?.value) === 0) take(service, "idleTimeout");
  if (!service.restartSteps || !service.restartMaxDelaySec)
    take(service, "restartSteps", "restartMaxDelaySec");
  if ((service.credentials || service.importCredentials) && type?.value === "simple")
    take(service, "execStartPost");

  if (node && service.acknowledge && service.killMode?.value === "process")
    service.acknowledge = { value: ["kill-mode"], shown: {} };
  else take(service, "acknowledge");
  if (node && service.openFile?.value === false && service.notifyAccess?.value !== "all")
    take(service, "openFile");
  if (!node) take(service, "compileCache");
  if (!node) take(service, "preload");
  else preloaded(service);
  if (!node) take(service, "jitless");
  else if (service.jitless?.value !== true) take(hardening, "memoryDenyWriteExecute");
  if (user === undefined) {
    take(hardening, "noNewPrivileges", "privateTmp", "protectSystem", "restrictSUIDSGID", "removeIPC");
    if (hardening.protectHome?.value === false) take(hardening, "protectHome");
  }
  if (isInHome(service) && hardening.protectHome?.value !== "read-only") {
    take(hardening, "protectHome");
    if (user === undefined) take(service, "workingDirectory");
  }
  if (hardening.ambientCapabilities) take(hardening, "privateUsers", "capabilityBoundingSet");
  const { profile, ipAddressDeny } = hardening;
  if (ipAddressDeny ? ipAddressDeny.value === false : profile?.value !== "inbound")
    take(hardening, "ipAddressAllow");
  if (!(service.openFile?.value ?? node) || service.notifyAccess?.value === "all")
    take(hardening, "restrictAddressFamilies");
}

/** Adds to what systemd shows of Node the option by which it loads the preload. */
function preloaded({ exec, preload }: Filling["service"]): void {
  const { value } = preload ?? { value: false };
  const path = typeof value === "object" && "path" in value ? value.path : value;
  if (typeof path !== "string") return;
  const [[program, [first, ...words], flags]] = exec!.shown["ExecStartEx"] as [[string, string[], []]];
  const inserted = ["--require", path.replaceAll("$", "$$$$")];
  exec!.shown = { ExecStartEx: [[program, [first, ...inserted, ...words], flags]] };
}

export function isInHome({ workingDirectory }: Filled<AppDescription>): boolean {
  return /^\/(?:home|root)\//.test(String(workingDirectory?.shown["WorkingDirectory"]));
}

/** Takes `%i` out where the unit has none. */
function withoutInstances<Description>(filling: Filled<Description>): void {
  const said = filling as Record<string, Said | undefined>;
  for (const [name, entry] of Object.entries(said))
    if (entry !== undefined) said[name] = withoutInstance(entry);
}

/** Takes out the fields that are refused until none is, and says which those were. */
function refusedFields(filling: Filling): string[] {
  const refused: string[] = [];
  for (;;) {
    try {
      emitUnits(descriptionOf(filling));
      return refused;
    } catch (error) {
      if (!(error instanceof UnitError)) throw error;
      const before = refused.length;
      for (const { code, path, message } of error.problems) {
        const { from, field } = placeOf(path, filling);
        if (from[field] === undefined || ["name", "exec", "accept"].includes(field)) {
          if (code !== "SOCKACT_ERR_UNIT_LINT") continue;
          // What cannot be taken out is acknowledged.
          const { service } = filling;
          const found = message.replace(/:[^]*/, "") as FindingCode;
          const acknowledged = (service.acknowledge?.value ?? []) as FindingCode[];
          // Two fields may have the same finding.
          service.acknowledge = { value: [...new Set([...acknowledged, found])], shown: {} };
          refused.push(`${path}: ${message}`);
          continue;
        }
        if (field === "listen" && JSON.stringify(from[field]).includes('"@socket')) continue;
        delete from[field];
        if (field === "listen") from[field] = ownAddress(filling.sockets.indexOf(from));
        refused.push(`${path}: ${message}`);
      }
      if (refused.length === before) throw error;
    }
  }
}

/** The field that a problem's path names, and the object that it belongs to. */
function placeOf(path: string, filling: Filling): { from: Record<string, unknown>; field: string } {
  const [, index, inSocket = "listen"] = /^sockets\[(\d+)\](?:\.(\w+))?/.exec(path) ?? [];
  if (index !== undefined) return { from: filling.sockets[Number(index)]!, field: inSocket };
  const [, inHardening] = /^hardening\.(\w+)/.exec(path) ?? [];
  if (inHardening !== undefined) return { from: filling.hardening, field: inHardening };
  return { from: filling.service, field: /^\w+/.exec(path)![0] };
}

/** The description that a filling says. */
export function descriptionOf({ service, sockets, hardening }: Filling): AppDescription {
  const { profile, ...single } = valuesOf(hardening);
  const options = Object.keys(single).length > 0 ? valuesOf(hardening) : profile;
  return {
    ...valuesOf(service),
    ...(options === undefined ? {} : { hardening: options }),
    sockets: sockets.map(valuesOf),
  };
}

/** Takes out what contradicts the rest; returns what was refused even so. */
export function madeToFit(filling: Filling): string[] {
  const { kind, service, sockets } = filling;
  withoutContradictions(filling);
  apartFromEachOther(sockets);
  withNamesForProxies(filling);
  const isInstance = service.name!.value.includes("@");
  if (kind === "pair" && !isInstance) withoutInstances(service);
  if (kind !== "template" && !isInstance) for (const socket of sockets) withoutInstances(socket);
  return refusedFields(filling);
}

/** Fields filled in at random, and not yet made to fit each other. */
export const fillings: fc.Arbitrary<Filling> = fc.record({
  kind: fc.constantFrom("pair", "pair", ...kinds),
  service: filled(serviceFields, ["name", "exec", "sockets"]),
  sockets: fc.array(filled(socketFields, []), { minLength: 1, maxLength: 3 }),
  hardening: filled(hardeningFields, []),
});
