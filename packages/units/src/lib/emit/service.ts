import type { AppDescription } from "../description/app.ts";
import { isObject, readFields, type Asked, type Directive } from "../read/fields.ts";
import { orOff } from "../harden/choices.ts";
import { jitless } from "../harden/jitless.ts";
import { measures } from "../harden/measures.ts";
import { readSandbox, type Sandbox } from "../harden/sandbox.ts";
import { importedCredential, readCredentials } from "../read/credentials.ts";
import { appFolder } from "../read/app-folder.ts";
import { folderDirectives } from "../read/folders.ts";
import { readArrangement, type Arrangement } from "../read/arrangement.ts";
import { readRaw, type RawSections } from "../read/raw.ts";
import { refuseForUser } from "../read/user-manager.ts";
import { refuseNewer, refuseNewerFields } from "../read/versions.ts";
import {
  commandsAfter,
  commandsBefore,
  conditions,
  dependencies,
  logs,
  output,
  resources,
  restarts,
  surroundings,
  times,
} from "./service-directives.ts";
import { notifiesBy, refuseContradictions, stopTimeout } from "../read/lifecycle.ts";
import { liesInHome, refuseHome, refuseTemporary } from "../read/places.ts";
import { refuseHidden } from "../read/hidden.ts";
import { conflictsIn, type UnitProblem } from "../read/problems.ts";
import { ofService } from "../read/synonyms.ts";
import { containerExec, durationVariable, environment, exec, setsVariable } from "../read/program.ts";
import {
  compilesAtRunTime,
  isNode,
  mayFallAsleep,
  refuseNothingToRun,
  refuseTooFew,
} from "../read/runtime.ts";
import { compileCacheLines } from "./compile-cache.ts";
import { folderLines } from "./folders.ts";
import { directives as socketDirectives, type SocketOwner } from "./sockets.ts";
import * as read from "../read/readers.ts";
import { reasonsOf } from "../harden/reasons.ts";
import { added, addedFor, asked, type Line } from "../write/unit-text.ts";

const addedForNode = addedFor(reasonsOf.node);

/** The fields that are more, or less, than a directive. */
export const otherFields = [
  "$schema",
  "acknowledge",
  "name",
  "sockets",
  "hardening",
  "jitless",
  "compileCache",
  "credentials",
  "openFile",
  "rolling",
  "raw",
  "bind",
  "backend",
  "container",
  "systemd",
  "manager",
  "uid",
  "template",
  "inetd",
] as const;

export const directives: Record<Exclude<keyof AppDescription, (typeof otherFields)[number]>, Directive> = {
  description: { key: "Description", read: read.sentence },
  documentation: { key: "Documentation", read: read.each(read.documentationURI) },
  ...conditions,
  ...dependencies,
  after: { key: "After", read: read.each(read.unitName) },
  onFailure: { key: "OnFailure", read: read.each(read.unitName) },
  type: { key: "Type", read: read.oneOf(["simple", "exec", "notify", "notify-reload", "idle"]) },
  notifyAccess: { key: "NotifyAccess", read: read.oneOf(["main", "exec", "all"]) },
  ...commandsBefore,
  exec: { key: "ExecStart", read: exec },
  ...commandsAfter,
  user: { key: "User", read: read.account },
  group: { key: "Group", read: read.account },
  supplementaryGroups: { key: "SupplementaryGroups", read: read.each(read.account) },
  workingDirectory: { key: "WorkingDirectory", read: orOff(read.directory) },
  environment: { key: "Environment", read: environment },
  ...surroundings,
  drainTimeout: { key: "Environment", read: durationVariable("SOCKACT_DRAIN_TIMEOUT") },
  idleTimeout: { key: "Environment", read: durationVariable("SOCKACT_IDLE_TIMEOUT") },
  ...output,
  ...logs,
  restart: {
    key: "Restart",
    read: read.oneOf(["no", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort", "always"]),
  },
  restartSec: { key: "RestartSec", read: read.wait },
  ...restarts,
  ...times,
  timeoutStopSec: { key: "TimeoutStopSec", read: read.timeout },
  watchdogSec: { key: "WatchdogSec", read: read.duration },
  ...folderDirectives,
  importCredentials: { key: "ImportCredential", read: read.each(importedCredential) },
  ...resources,
  readWritePaths: { key: "ReadWritePaths", read: read.each(read.quotedPath) },
  wantedBy: { key: "WantedBy", read: read.each(read.unitName) },
  defaultInstance: { key: "DefaultInstance", read: read.instance },
};

/** What to write for a field of the sandbox, beside what the description has as `hardening`. */
function inSandbox(hardening: unknown, field: string): string {
  if (isObject(hardening)) return `${field} in hardening`;
  const profile = hardening === "inbound" || hardening === "none" ? `profile: '${hardening}', ` : "";
  return `hardening: { ${profile}${field}: … }`;
}

/** The directives of the sandbox, by what to write for each. */
function ofSandbox(hardening: unknown): Record<string, Directive> {
  return Object.fromEntries(
    Object.entries(measures).map(([field, measure]) => [inSandbox(hardening, field), measure] as const),
  );
}

/** What to write instead of a field of the sandbox that is not in `hardening`. */
function outOfPlace(hardening: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(measures).flatMap(([field, { key }]) =>
      [field, key].map((name) => [name, `write ${inSandbox(hardening, field)}`] as const),
    ),
  );
}

/** What to write instead of a field of the service that is in `hardening`. */
const besideHardening: Readonly<Record<string, string>> = Object.fromEntries(
  [...otherFields, ...Object.keys(directives)].flatMap((field) =>
    [field, directives[field as keyof typeof directives]?.key ?? field].map(
      (name) => [name, `write ${field} beside hardening`] as const,
    ),
  ),
);

/** What to write instead of a field of a socket that is beside `sockets`. */
const ofASocket: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(socketDirectives).flatMap(([field, { key }]) =>
    [field, key].map((name) => [name, `write ${field} in sockets[0]`] as const),
  ),
);

/** What to write instead of a field of the service that is in a socket. */
export const besideSockets: Readonly<Record<string, string>> = Object.fromEntries(
  [...otherFields, ...Object.keys(directives)].flatMap((field) =>
    [field, directives[field as keyof typeof directives]?.key ?? field].map(
      (name) => [name, `write ${field} beside sockets: it is the service's`] as const,
    ),
  ),
);

/** The service of a description, each value as its unit file has it. */
export interface Service extends SocketOwner {
  /** The name of its unit, with the suffix. */
  unit: string;
  arrangement: Arrangement;
  inetd: boolean;
  /** Whether one exit status stands for sleep, after which it is not restarted. */
  sleeps: boolean;
  /** Whether systemd's own limit of starts applies, since nothing else bounds them. */
  hasStartLimit: boolean;
  /** Whether it tells when it is ready. */
  notifies: boolean;
  raw: RawSections;
  /** Whether OpenFile= is to pass the socket for notifications. */
  openFile: boolean;
  /** TimeoutStopSec= where none is asked for, and a drain is. */
  stopTimeout: string | undefined;
  values: Asked<keyof typeof directives>;
  /** Its own folders, and HOME where the user has none. */
  folders: Line[];
  credentials: Line[];
  /** Where the program starts; for Node the app's folder unless another is asked for, or none. */
  workingDirectory: Line[];
  /** NODE_ENV of a Node whose description does not say it. */
  nodeEnvironment: Line[];
  /** What tells Node not to compile. */
  jitless: Line[];
  /** Where Node keeps compiled code. */
  compileCache: Line[];
  sandbox: Sandbox;
}

/** Reads the service out of a description; what it returns is of use only if no problem was reported. */
export function readService(description: Record<string, unknown>, problems: UnitProblem[]): Service {
  const { hardening = "outbound", name } = description;
  const [checkedName = ""] = read.name(name, "name", problems);
  const arrangement = readArrangement(description, problems);
  const { kind, manager, systemd } = arrangement;
  const contained = description.container !== undefined;
  const table = contained ? { ...directives, exec: { key: "Exec", read: containerExec } } : directives;
  const values = readFields(table, otherFields, description, "", problems, {
    // Of names that are equally near, the first is meant.
    ...ofService,
    ...outOfPlace(hardening),
    ...ofASocket,
    ...ofService,
  });
  refuseNewerFields(systemd, directives, values, (field) => field, problems);
  for (const field of ["jitless", "compileCache", "openFile", "rolling", "template", "inetd"]) {
    if (description[field] !== undefined) read.boolean(description[field], field, problems);
  }
  refuseContradictions(description, problems);
  refuseTooFew(description, problems);
  if (!contained) refuseNothingToRun(description, problems);
  const notifies = notifiesBy(description);
  const openFile = notifies && !contained && (description.openFile ?? isNode(description.exec)) === true;
  if (openFile) {
    const field = description.type === undefined ? "rolling" : "type";
    refuseNewer(systemd, "OpenFile", [""], field, problems);
  }
  refuseForUser(arrangement, description, openFile, problems);
  if (description.exec === undefined && !contained) exec(undefined, "exec", problems);
  const dynamicUser = runsAsDynamicUser(manager, values);
  const sandbox = readSandbox(
    hardening,
    {
      manager,
      systemd,
      dynamicUser,
      // A user's own folders lie in a home, too.
      inHome: manager === "user" || liesInHome(description),
      // The helper of NotifyAccess=all is a process with no descriptor of ours.
      sendsBySocket: notifies && (!openFile || description.notifyAccess === "all"),
      justInTime: compilesAtRunTime(description.exec),
      jitless: description.jitless === true,
    },
    problems,
    besideHardening,
  );
  if (!contained && (dynamicUser || sandbox.lines.some(({ key }) => key === "PrivateTmp")))
    refuseTemporary(description, problems);
  if (!contained && dynamicUser) {
    refuseHome(description, problems);
    if (values.readWritePaths.length > 0 && values.group.length + values.supplementaryGroups.length === 0) {
      conflictsIn(problems)(
        "readWritePaths",
        "the service runs as a user that exists only while it runs, and that owns no such folder: writing would fail with EACCES",
        "write user with the owner of the folder, or supplementaryGroups with a group that may write to it, which is any group if everybody may; or stateDirectory instead, a folder under /var/lib that systemd makes",
      );
    }
  }
  const credentials = readCredentials(description.credentials, "credentials", problems);
  for (const { key, value } of credentials) refuseNewer(systemd, key, [value], "credentials", problems);
  const node = !contained && isNode(description.exec);
  const folder =
    node && description.workingDirectory === undefined ? appFolder(description.exec as unknown[]) : undefined;
  const sections = ["Unit", ...(contained ? ["Container" as const] : []), "Service", "Install"] as const;
  const raw = readRaw(
    description.raw,
    sections,
    { ...directives, ...ofSandbox(hardening) },
    systemd,
    "raw",
    problems,
  );
  if (!contained) refuseHidden(description.exec, raw.Service ?? [], "raw.Service", problems);
  return {
    name: checkedName,
    unit: `${checkedName}${kind === "pair" ? "" : "@"}.service`,
    startedUnit: `${checkedName}${started[kind]}.service`,
    arrangement,
    inetd: description.inetd === true,
    sleeps: kind !== "accept" && mayFallAsleep(description),
    hasStartLimit: kind !== "accept" && maySpin(description),
    isConditional: [values.conditionPathExists, rawConditions(raw)].some(({ length }) => length > 0),
    raw,
    defaultInstance: values.defaultInstance,
    notifies,
    openFile,
    stopTimeout: stopTimeout(description.drainTimeout),
    values,
    folders: folderLines(values, {
      description,
      name: checkedName,
      folder: kind === "template" ? "/%i" : "",
      dynamicUser,
      keepsState: sandbox.profile === "outbound",
    }),
    credentials,
    workingDirectory:
      folder === undefined
        ? asked("WorkingDirectory", values.workingDirectory)
        : [added("WorkingDirectory", folder)],
    nodeEnvironment:
      node && !setsVariable(description, "NODE_ENV")
        ? [addedForNode("Environment", "NODE_ENV=production")]
        : [],
    jitless: jitless(description, problems),
    compileCache: compileCacheLines(description, checkedName, problems),
    sandbox,
  };
}

/** The conditions, and assertions, of systemd.unit(5) that have no field. */
function rawConditions({ Unit = [] }: RawSections): Line[] {
  return Unit.filter(({ key }) => /^(?:Condition|Assert)/.test(key));
}

/**
 * Whether an exit that `restart` leaves to the socket is likely a fault: a connection that still waits would then start the service again
 * at once, without end. With on-failure only a success does, which is how a program that is not Node goes to sleep.
 */
function maySpin({ restart = "always", bind = "socket" }: Record<string, unknown>): boolean {
  return bind === "socket" && restart !== "always" && restart !== "on-failure";
}

/** The instance that traffic starts, by kind. */
const started: Record<Arrangement["kind"], string> = {
  pair: "",
  template: "@%i",
  accept: "@",
  rolling: "@blue",
};

/** A user's manager refuses DynamicUser=, and has but one user anyway. */
export function runsAsDynamicUser(manager: Arrangement["manager"], { user }: Service["values"]): boolean {
  return manager === "system" && user.length === 0;
}
