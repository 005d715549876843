import fc from "fast-check";
import { durationOf } from "../../src/lib/read/duration.ts";
import { unitNamePart } from "../../src/lib/write/escape.ts";
import {
  emitUnits,
  UnitError,
  type AppDescription,
  type HardeningOptions,
  type RawSection,
  type SocketDescription,
} from "../../src/index.ts";
import { serviceFields, socketFields, type Field, type Fields } from "./fields.ts";
import { hardeningFields, sandboxShown } from "./sandbox.ts";
import { together, type Shown } from "./shown.ts";
import { expanded, infinity, withoutInstance, type Said } from "./values.ts";

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
  /** The fields that were taken out again, since they contradict others. */
  refused: string[];
}

const kinds = ["pair", "rolling", "template", "accept"] as const;
type Kind = (typeof kinds)[number];

/** How the fields of a description are filled in. */
interface Filling {
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

function shownOf<Description>(fields: Fields<Description>, filling: Filled<Description>): Shown[] {
  return entries(fields).map(([name, { otherwise }]) => filling[name]?.shown ?? otherwise);
}

function isNotifying(type: string | undefined): boolean {
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
    if (listens().filter(([, address]) => address.startsWith("/")).length !== 1) delete socket.symlinks;
  }
}

/** Takes out what contradicts the rest in most descriptions, and would be refused. */
function withoutContradictions({ kind, service, sockets, hardening }: Filling): void {
  const take = <Description>(from: Filled<Description>, ...fields: (keyof Description)[]) => {
    for (const field of fields) delete from[field];
  };
  const { name, type, user, exec, restart } = service;
  const yes = { value: true, shown: {} };
  if (kind === "rolling") service.rolling = yes;
  if (kind === "template") service.template = yes;
  if (kind === "accept") sockets[0]!.accept = yes;
  // It has a filling of its own.
  take(service, "hardening");
  if (kind !== "pair") name!.value = name!.value.replace(/@.*/, "");
  if (kind !== "rolling") take(service, "rolling");
  else if (!isNotifying(type?.value)) take(service, "type");
  if (kind !== "rolling" && !isNotifying(type?.value))
    take(service, "notifyAccess", "openFile", "watchdogSec");
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
  for (const socket of sockets) {
    const { value } = socket.socketProtocol ?? {};
    if (value !== undefined && value !== "udplite") take(socket, "listenDatagram");
    if (value === "mptcp") take(socket, "listenSequentialPacket");
    if (value === "udplite") take(socket, "socketProtocol");
  }
  if (durationOf(service.timeoutStopSec?.value)! <= durationOf(service.drainTimeout?.value)!)
    take(service, "timeoutStopSec");
  if (durationOf(service.idleTimeout?.value) === 0) take(service, "idleTimeout");
  if (service.idleTimeout && ["always", "on-success"].includes(restart?.value ?? ""))
    take(service, "restart");
  if (!service.restartSteps || !service.restartMaxDelaySec)
    take(service, "restartSteps", "restartMaxDelaySec");
  if ((service.credentials || service.importCredentials) && type?.value === "simple")
    take(service, "execStartPost");

  const node = exec!.value[0] === "/srv/bin/node";
  if (!node) take(service, "jitless");
  else if (service.jitless?.value !== true) take(hardening, "memoryDenyWriteExecute");
  if (user === undefined) {
    take(hardening, "noNewPrivileges", "privateTmp", "protectSystem", "restrictSUIDSGID", "removeIPC");
    if (hardening.protectHome?.value === false) take(hardening, "protectHome");
  }
  if (isInHome(service) && hardening.protectHome?.value !== "read-only") take(hardening, "protectHome");
  if (hardening.ambientCapabilities) take(hardening, "privateUsers", "capabilityBoundingSet");
  const { profile, ipAddressDeny } = hardening;
  if (ipAddressDeny ? ipAddressDeny.value === false : profile?.value !== "inbound")
    take(hardening, "ipAddressAllow");
  if (service.openFile?.value === false || service.notifyAccess?.value === "all")
    take(hardening, "restrictAddressFamilies");
}

function isInHome({ workingDirectory }: Filled<AppDescription>): boolean {
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
      for (const { path, message } of error.problems) {
        const [, index = "", inSocket] = /^sockets\[(\d+)\]\.(\w+)/.exec(path) ?? [];
        const [, inHardening] = /^hardening\.(\w+)/.exec(path) ?? [];
        const field = inSocket ?? inHardening ?? /^\w+/.exec(path)![0];
        const from = (
          inSocket !== undefined
            ? filling.sockets[Number(index)]
            : inHardening !== undefined
              ? filling.hardening
              : filling.service
        ) as Record<string, unknown>;
        if (from[field] === undefined || ["name", "exec"].includes(field))
          throw new Error(`${path}: ${message}`, { cause: error });
        delete from[field];
        if (field === "listen") from[field] = ownAddress(Number(index));
        refused.push(`${path}: ${message}`);
      }
    }
  }
}

/** What systemd shows of the service that is no single field's. */
function serviceShown(
  description: AppDescription,
  { kind, service }: Filling,
  unit: string,
  sockets: readonly string[],
): Shown {
  const { type, rolling = false, name, user, environment = {} } = description;
  const accepts = kind === "accept";
  const tells = rolling || isNotifying(type);
  const hasCredentials =
    description.credentials !== undefined || (description.importCredentials ?? []).length > 0;
  const keepsDescriptors = (description.fileDescriptorStoreMax ?? 0) > 0;
  const drain = durationOf(description.drainTimeout);
  const owned = accepts ? [] : sockets;
  const passed = owned.length > 1 || rolling ? owned : [];
  const { restart = accepts ? "no" : "on-failure", hardening, stateDirectory } = description;
  const profile = typeof hardening === "string" ? hardening : (hardening?.profile ?? "outbound");
  const folder = `${name.replace(/[:\\]/g, "_")}${kind === "template" ? "/\0i" : ""}`;
  const own = profile === "outbound" && stateDirectory === undefined ? [folder] : [];
  const [home] = [...own, ...((service.stateDirectory?.shown["StateDirectory"] ?? []) as string[])];
  return {
    Id: unit,
    LoadState: "loaded",
    LoadError: ["", ""],
    Description: kind === "template" || accepts ? `${name} \0i` : name,
    Requires: owned,
    After: owned,
    Wants: passed,
    TriggeredBy: owned,
    StartLimitIntervalUSec: accepts ? 10_000_000 : 0,
    CollectMode: accepts ? "inactive-or-failed" : "inactive",
    // It waits for the program by itself where there are credentials.
    Type: rolling ? "notify" : hasCredentials ? "exec" : "simple",
    NotifyAccess: tells || keepsDescriptors ? "main" : "none",
    OpenFile: tells && description.openFile !== false ? [["/run/systemd/notify", "notify", 0]] : [],
    DynamicUser: user === undefined,
    ...(user === undefined ? {} : { Group: "" }),
    Environment: [
      ...(home !== undefined && user === undefined && environment["HOME"] === undefined
        ? [`HOME=/var/lib/${home}`]
        : []),
    ],
    Restart: restart,
    RestartUSec: accepts || restart === "no" ? 100_000 : 1_000_000,
    TimeoutStopUSec:
      drain === undefined
        ? 90_000_000
        : drain === Infinity
          ? infinity.shown
          : (Math.ceil(drain) + 10_000) * 1000,
    NonBlocking: description.inetd !== true,
    StandardInput: description.inetd === true ? "socket" : "null",
    StandardOutput: description.inetd === true ? "socket" : "journal",
    StandardError: description.inetd === true ? "journal" : "inherit",
    StateDirectory: own,
    RuntimeDirectoryPreserve: description.runtimeDirectory === undefined ? "no" : "yes",
  };
}

function socketShown(
  socket: SocketDescription,
  kind: Kind,
  app: string,
  unit: string,
  started: string,
  several: boolean,
): Shown {
  const what = [app, ...(several ? [socket.name] : []), ...(kind === "template" ? ["\0i"] : [])];
  return {
    Id: unit,
    LoadState: "loaded",
    LoadError: ["", ""],
    Description: `${what.join(" ")} socket`,
    FileDescriptorName: kind === "accept" ? "connection" : unit,
    Accept: kind === "accept",
    MaxConnectionsPerSource: 0,
    Triggers: kind === "accept" ? [] : [started],
    TriggerLimitIntervalUSec: 0,
    PollLimitBurst: kind === "accept" ? 150 : 15,
  };
}

/** The environment of a Node that compiles nothing. */
function jitless(environment: readonly string[]): string[] {
  const name = "NODE_OPTIONS=";
  const options = environment.find((assignment) => assignment.startsWith(name));
  const others = environment.filter((assignment) => assignment !== options);
  return [...others, options === undefined ? `${name}--jitless` : `${options} --jitless`];
}

/** What `systemctl enable` takes, and links. */
function installed(
  { name, wantedBy = [], defaultInstance, raw, sockets }: AppDescription,
  kind: Kind,
  unit: string,
  socketUnits: readonly string[],
): Pick<Described, "enabled" | "links"> {
  const byTemplate =
    (kind === "rolling" && wantedBy.length > 0) || (kind === "template" && defaultInstance !== undefined);
  const chosen = (linked: string) =>
    kind === "template" && byTemplate ? linked.replace(/@.*(?=\.)/, `@${defaultInstance}`) : linked;
  const requires = (section: RawSection | undefined, linked: string) =>
    section === undefined ? [] : [`${String(section["RequiredBy"])}.requires/${linked}`];
  const ofSockets = socketUnits.flatMap((socket, index) => [
    `sockets.target.wants/${chosen(socket)}`,
    ...requires(sockets[index]!.raw?.Install, chosen(socket)),
  ]);
  if (kind === "accept") return { enabled: socketUnits[0]!, links: ofSockets };
  return {
    // A template stands for its instance.
    enabled: byTemplate ? `${name}@.service` : unit,
    links: [
      ...ofSockets,
      ...new Set(wantedBy.map((target) => `${String(target)}.wants/${chosen(unit)}`)),
      ...requires(raw?.Install, chosen(unit)),
    ],
  };
}

/** What the specifiers of a unit expand to. */
function specifiersOf(unit: string): Record<string, string> {
  const [, stem = "", prefix = "", instance = ""] = /^(([^@]*)@?(.*))\.\w+$/.exec(unit) ?? [];
  return { n: unit, N: stem, p: prefix, i: instance };
}

/** The description that a filling says. */
function descriptionOf({ service, sockets, hardening }: Filling): AppDescription {
  const { profile, ...single } = valuesOf(hardening);
  const options = Object.keys(single).length > 0 ? valuesOf(hardening) : profile;
  return {
    ...valuesOf(service),
    ...(options === undefined ? {} : { hardening: options }),
    sockets: sockets.map(valuesOf),
  };
}

/** What it means; the number is in its name. */
function meaning(filling: Filling, number: number): Described {
  const { kind, service, sockets, hardening } = filling;
  service.name!.value = `c${number}-${service.name!.value}`;
  withoutContradictions(filling);
  apartFromEachOther(sockets);
  const isInstance = service.name!.value.includes("@");
  if (kind === "pair" && !isInstance) withoutInstances(service);
  if (kind !== "template" && !isInstance) for (const socket of sockets) withoutInstances(socket);
  const refused = refusedFields(filling);
  const description = descriptionOf(filling);
  const { name } = description;
  const instance = { pair: "", rolling: "@blue", template: "@x-1\\x2f", accept: "@7-1" }[kind];
  const unit = `${name}${instance}.service`;
  const several = sockets.length > 1;
  const socketUnits = description.sockets.map(
    (socket) =>
      `${name}${several ? `-${unitNamePart(socket.name!)}` : ""}${kind === "template" ? instance : ""}.socket`,
  );
  const shownOfSockets = description.sockets.map((socket, index) => [
    socketUnits[index],
    together([
      socketShown(socket, kind, name, socketUnits[index]!, unit, several),
      ...shownOf(socketFields, sockets[index]!),
    ]),
  ]);
  const single = Object.assign({}, ...shownOf(hardeningFields, hardening)) as Shown;
  const shownOfService = together([
    serviceShown(description, filling, unit, socketUnits),
    sandboxShown(description, isInHome(service), single),
    ...shownOf(serviceFields, service),
  ]);
  if (description.jitless === true)
    shownOfService["Environment"] = jitless(shownOfService["Environment"] as string[]);
  const shown = { ...(Object.fromEntries(shownOfSockets) as Record<string, Shown>), [unit]: shownOfService };
  return {
    description,
    units: Object.fromEntries(
      Object.entries(shown).map(([loaded, all]) => [loaded, expanded(all, specifiersOf(loaded))]),
    ),
    ...installed(description, kind, unit, socketUnits),
    refused,
  };
}

const fillings: fc.Arbitrary<Filling> = fc.record({
  kind: fc.constantFrom("pair", "pair", ...kinds),
  service: filled(serviceFields, ["name", "exec", "sockets"]),
  sockets: fc.array(filled(socketFields, []), { minLength: 1, maxLength: 3 }),
  hardening: filled(hardeningFields, []),
});

/** So many descriptions with all that they mean, the same for the same seed. */
export function describedBy(seed: number, numRuns: number): Described[] {
  return fc.sample(fillings, { seed, numRuns }).map(meaning);
}
