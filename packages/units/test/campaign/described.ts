import { BlockList } from "node:net";
import fc from "fast-check";
import { handoverCommand } from "../../src/lib/node/handover.ts";
import { durationOf, spanText } from "@sockact/shared/durations";
import { unitNamePart } from "../../src/lib/systemd/escaping.ts";
import type { AppDescription, ListenAddress, RawSection, SocketDescription } from "../../src/index.ts";
import { serviceFields } from "./service-fields.ts";
import { socketFields } from "./socket-fields.ts";
import {
  descriptionOf,
  fillings,
  isInHome,
  isNotifying,
  madeToFit,
  shownOf,
  type Filling,
  type Kind,
} from "./filling.ts";
import { hardeningFields, sandboxShown, typeOf } from "./sandbox.ts";
import { together, type Shown } from "./shown.ts";
import { expanded, infinity } from "./values.ts";

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

/** The variable with the entries of the sockets that get PROXY headers, if there are some. */
function proxyVariable({ name, sockets }: AppDescription, kind: Kind): string[] {
  const entries = sockets.flatMap((socket) =>
    typeof socket.proxyProtocol === "object"
      ? `${kind === "accept" ? "connection" : (socket.name ?? `${name}.socket`)}:${socket.proxyProtocol.from.join(",")}`
      : [],
  );
  return entries.length === 0 ? [] : [`SOCKACT_PROXY_PROTOCOL=${entries.join(" ")}`];
}

/** Whether one of the words of the command line lies there. */
function isFolderOf(folder: string, { exec }: Filling["service"]): boolean {
  const [[, words]] = exec!.shown["ExecStartEx"] as [[string, string[]]];
  return words
    .map((word) => word.replaceAll("$$", "$").replace(/\/(?:\.?\/)+/g, "/"))
    .some((word) => word.includes("\0") || word.startsWith(`${folder}/`));
}

function hasStartLimit(
  { restart = "always", restartPreventExitStatus = [] }: AppDescription,
  kind: Kind,
): boolean {
  const hasFinalFailure = restartPreventExitStatus.some((status) => status !== 0 && status !== 42);
  return kind === "accept" || !["always", "on-failure"].includes(restart) || hasFinalFailure;
}

/** Whether the emitter chooses when it is restarted, for a systemd that can wait longer each time. */
function isRestartedSoon(description: AppDescription, kind: Kind): boolean {
  const { systemd, restartSec, restartSteps } = description;
  return (
    systemd !== undefined && (restartSec ?? restartSteps) === undefined && !hasStartLimit(description, kind)
  );
}

/** The properties of the service that do not come from a single field. */
function serviceShown(
  description: AppDescription,
  { kind, service }: Filling,
  unit: string,
  sockets: readonly string[],
): Shown {
  const { rolling = false, name, user, environment = {}, exec = [] } = description;
  const type = typeOf(description);
  const node = exec[0] === "/srv/bin/node";
  const accepts = kind === "accept";
  const tells = isNotifying(type);
  const hasCredentials =
    description.credentials !== undefined || (description.importCredentials ?? []).length > 0;
  const keepsDescriptors = (description.fileDescriptorStoreMax ?? 0) > 0;
  const drain = durationOf(description.drainTimeout);
  const owned = accepts ? [] : sockets;
  const passed = owned.length > 1 || rolling ? owned : [];
  const { restart = accepts ? "no" : "always", hardening, stateDirectory } = description;
  const profile = typeof hardening === "string" ? hardening : (hardening?.profile ?? "outbound");
  const folder = `${name.replace(/[:\\]/g, "_")}${kind === "template" ? "/\0i" : ""}`;
  const own = profile === "outbound" && stateDirectory === undefined ? [folder] : [];
  const [home] = [...own, ...((service.stateDirectory?.shown["StateDirectory"] ?? []) as string[])];
  const compileCache = description.compileCache === true;
  const [cache] = (service.cacheDirectory?.shown["CacheDirectory"] ?? []) as string[];
  return {
    Id: unit,
    LoadState: "loaded",
    LoadError: ["", ""],
    Description: kind === "template" || accepts ? `${name} \0i` : name,
    Requires: owned,
    After: owned,
    Wants: passed,
    TriggeredBy: owned,
    StartLimitIntervalUSec: hasStartLimit(description, kind) ? 10_000_000 : 0,
    CollectMode: accepts ? "inactive-or-failed" : "inactive",
    // It waits for the program by itself where there are credentials.
    Type: hasCredentials && type === "simple" ? "exec" : type,
    NotifyAccess: tells || keepsDescriptors ? "main" : "none",
    OpenFile:
      tells && (description.openFile ?? node)
        ? [
            ["/run/systemd/notify", "notify", 0],
            ["/run/systemd/journal/socket", "journal", 8],
          ]
        : [],
    DynamicUser: user === undefined,
    ...(user === undefined ? {} : { Group: "" }),
    Environment: [
      ...(node && environment["NODE_ENV"] === undefined ? ["NODE_ENV=production"] : []),
      ...proxyVariable(description, kind),
      ...(home !== undefined && user === undefined && environment["HOME"] === undefined
        ? [`HOME=/var/lib/${home}`]
        : []),
      ...(compileCache
        ? [`NODE_COMPILE_CACHE=/var/cache/${cache ?? name.replace(/[:\\]/g, "_")}/node-compile-cache`]
        : []),
    ],
    // The folder of one of the words, or none. What is asked for comes after this, and counts.
    WorkingDirectory: (shown: unknown) => shown === "" || (node && isFolderOf(shown as string, service)),
    Restart: restart,
    RestartUSec: isRestartedSoon(description, kind) || accepts || restart === "no" ? 100_000 : 1_000_000,
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
    CacheDirectory: compileCache && cache === undefined ? [name.replace(/[:\\]/g, "_")] : [],
    RuntimeDirectoryPreserve: description.runtimeDirectory === undefined ? "no" : "yes",
  };
}

/** What the emitter writes where the description says nothing. */
function withDefaults(description: AppDescription, kind: Kind, shown: Shown): Shown {
  const { memoryMax, oomPolicy, handover } = description;
  const continues = oomPolicy === undefined && (memoryMax !== undefined || handover === true);
  return {
    ...shown,
    ...(isRestartedSoon(description, kind) ? { RestartSteps: 5, RestartMaxDelayUSec: 1_000_000 } : {}),
    ...(continues ? { OOMPolicy: "continue" } : {}),
  };
}

/** What a service that hands over shows besides. */
function withHandover(description: AppDescription, kind: Kind, shown: Shown): Shown {
  if (description.handover !== true) return shown;
  const hasInstances = kind === "template" || kind === "rolling";
  const folder = `${description.name.replace(/[:\\]/g, "_")}-reload${hasInstances ? "/\0i" : ""}`;
  const start = durationOf(description.timeoutStartSec);
  const limit = durationOf(description.handoverTimeout);
  const span = limit === undefined && start !== undefined && start !== Infinity;
  const [, script] = /'(.*)'$/.exec(handoverCommand)!;
  const { workingDirectory, environment = {} } = description;
  return {
    ...shown,
    ExecReloadEx: [["/bin/sh", ["/bin/sh", "-c", script], []]],
    Environment: [
      ...(shown["Environment"] as string[]),
      "SOCKACT_HANDOVER=yes",
      ...(span ? [`SOCKACT_HANDOVER_TIMEOUT=${spanText(Math.max(1, Math.floor((start * 2) / 3)))}`] : []),
      `SOCKACT_RELOAD_RESULT=/run/${folder}/result`,
      ...(workingDirectory === undefined || workingDirectory === false || environment["PWD"] !== undefined
        ? []
        : [`PWD=${String(shown["WorkingDirectory"])}`]),
    ],
    RuntimeDirectory: [...(shown["RuntimeDirectory"] as string[]), folder],
    ...(start === undefined && limit !== undefined && limit > 60_000
      ? { TimeoutStartUSec: Math.ceil((limit * 3) / 2) * 1000 }
      : {}),
  };
}

/** Addresses that no interface has to have: of every host, of the loopback device, and of groups. */
const everywhere = new BlockList();
for (const [net, prefix, family] of [
  ["0.0.0.0", 32, "ipv4"],
  ["127.0.0.0", 8, "ipv4"],
  ["224.0.0.0", 4, "ipv4"],
  ["255.255.255.255", 32, "ipv4"],
  ["::", 127, "ipv6"],
  ["ff00::", 8, "ipv6"],
] as const)
  everywhere.addSubnet(net, prefix, family);

function mayLackInterface(address: ListenAddress | undefined): boolean {
  const text = typeof address === "string" ? address : "";
  const [, ipv6, ipv4] = /^(?:\[(.*)\]|([\d.]+)):\d+$/.exec(text) ?? [];
  if (ipv6 !== undefined) return !everywhere.check(ipv6, "ipv6");
  return ipv4 !== undefined && !everywhere.check(ipv4, "ipv4");
}

/**
 * What systemd shows of a service that may sleep, besides: its exit status among those that are asked for.
 */
function withSleep(
  { exec, idleTimeout, restart = "always" }: AppDescription,
  kind: Kind,
  shown: Shown,
): Shown {
  const mayExit = exec?.[0] === "/srv/bin/node" || idleTimeout !== undefined;
  if (kind === "accept" || !mayExit || !["always", "on-success"].includes(restart)) return shown;
  const [prevented, successes] = ["RestartPreventExitStatus", "SuccessExitStatus"].map((property) => {
    const [statuses, signals] = shown[property] as [number[], number[]];
    return [[...new Set([...statuses, 42])].toSorted((one, other) => one - other), signals];
  });
  return {
    ...shown,
    Environment: [...(shown["Environment"] as string[]), "SOCKACT_IDLE_EXIT_STATUS=42"],
    RestartPreventExitStatus: prevented,
    SuccessExitStatus: successes,
  };
}

/** The pause that follows an ExecCondition= which has refused the start. */
function withPause({ execCondition = [] }: AppDescription, kind: Kind, shown: Shown): Shown {
  if (kind === "accept" || execCondition.length === 0) return shown;
  const script = 'if [ "$$SERVICE_RESULT" = exec-condition ]; then sleep 1; fi';
  const pause = ["/bin/sh", ["/bin/sh", "-c", script], []];
  return { ...shown, ExecStopPostEx: [...(shown["ExecStopPostEx"] as unknown[]), pause] };
}

function socketShown(
  socket: SocketDescription,
  kind: Kind,
  app: string,
  unit: string,
  started: string,
  several: boolean,
  isConditional: boolean,
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
    FreeBind: [socket.listen, socket.listenDatagram].flat().some(mayLackInterface),
    TriggerLimitIntervalUSec: isConditional && kind !== "accept" ? 2_000_000 : 0,
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
    section === undefined ? [] : [`${section["RequiredBy"] as string}.requires/${linked}`];
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
      ...new Set(wantedBy.map((target) => `${target as string}.wants/${chosen(unit)}`)),
      ...requires(raw?.Install, chosen(unit)),
    ],
  };
}

/** What the specifiers of a unit expand to. */
function specifiersOf(unit: string): Record<string, string> {
  const [, stem = "", prefix = "", instance = ""] = /^(([^@]*)@?(.*))\.\w+$/.exec(unit) ?? [];
  return { n: unit, N: stem, p: prefix, i: instance };
}

/** What it means; the number is in its name. */
function meaning(filling: Filling, number: number): Described {
  const { kind, service, sockets, hardening } = filling;
  service.name!.value = `c${number}-${service.name!.value}`;
  const refused = madeToFit(filling);
  const description = descriptionOf(filling);
  const { name } = description;
  const instance = { pair: "", rolling: "@blue", template: "@x-1\\x2f", accept: "@7-1" }[kind];
  const unit = `${name}${instance}.service`;
  const several = sockets.length > 1;
  const isConditional = [description.conditionPathExists, description.raw?.Unit].some(
    (given) => given !== undefined && !(Array.isArray(given) && given.length === 0),
  );
  const socketUnits = description.sockets.map(
    (socket) =>
      `${name}${several ? `-${unitNamePart(socket.name!)}` : ""}${kind === "template" ? instance : ""}.socket`,
  );
  const shownOfSockets = description.sockets.map((socket, index) => [
    socketUnits[index],
    together([
      socketShown(socket, kind, name, socketUnits[index]!, unit, several, isConditional),
      ...shownOf(socketFields, sockets[index]!),
    ]),
  ]);
  const single = Object.assign({}, ...shownOf(hardeningFields, hardening)) as Shown;
  const asked = together([
    serviceShown(description, filling, unit, socketUnits),
    sandboxShown(description, isInHome(service), single),
    ...shownOf(serviceFields, service),
  ]);
  const shownOfService = withHandover(
    description,
    kind,
    withDefaults(description, kind, withPause(description, kind, withSleep(description, kind, asked))),
  );
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

/** So many descriptions with all that they mean, the same for the same seed. */
export function describedBy(seed: number, numRuns: number): Described[] {
  return fc.sample(fillings, { seed, numRuns }).map(meaning);
}
