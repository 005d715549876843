import { readFields, type Asked } from "./fields/fields.ts";
import { jitless } from "./sandbox/jitless.ts";
import { nodeOptionLines } from "./fields/node-options.ts";
import { readPreload } from "./fields/preload.ts";
import { readSandbox, type Sandbox } from "./sandbox/sandbox.ts";
import { readCredentials } from "./fields/credentials.ts";
import { appFolder } from "./fields/app-folder.ts";
import { compileCacheLines } from "./fields/compile-cache.ts";
import { readHealthSocket } from "./fields/health.ts";
import { handoverLines, type HandoverLines } from "./fields/handover.ts";
import { folderLines } from "./fields/folders.ts";
import { proxyProtocolLines } from "./fields/proxy-protocol.ts";
import { readArrangement, type Arrangement } from "./fields/arrangement.ts";
import { readRaw, type RawSections } from "./fields/raw.ts";
import { otherFields, serviceDirectives } from "./fields/service-directives.ts";
import { notifiesBy, reportLifecycleConflicts, stopTimeout } from "./conflicts/lifecycle.ts";
import { reportProgramInHome } from "./conflicts/program-location.ts";
import { reportHandoverConflicts } from "./conflicts/handover.ts";
import { reportPreloadConflicts } from "./conflicts/preload.ts";
import { reportSilentFailure } from "./conflicts/on-failure.ts";
import { conflictsIn, type UnitProblem } from "../problems.ts";
import { serviceSynonyms } from "./fields/synonyms.ts";
import { containerExec, exec, execWith } from "./fields/commands.ts";
import { isNode, runsNode } from "../node/runtime.ts";
import type { SocketOwner } from "./sockets.ts";
import * as read from "./values/readers.ts";
import * as names from "./values/names.ts";
import { reasonsOf } from "../write/reasons.ts";
import { added, addedFor, asked, type Line } from "../write/lines.ts";
import { reportNewer, reportNewerFields } from "./fields/versions.ts";
import { mayFallAsleep, maySpin } from "./fields/restarts.ts";
import { liesIn, liesInHome } from "../systemd/folders.ts";
import { foldersInEmptyHomes } from "./conflicts/program-location.ts";
import { setsVariable } from "./fields/environment.ts";
import {
  fieldsOfService,
  hintsInHardening,
  sandboxFieldHints,
  socketFieldHints,
} from "./misplaced-fields.ts";

const addedForNode = addedFor(reasonsOf.node);

/** The service of a description, with values as in the unit file. */
export interface Service extends SocketOwner {
  /** The name of its unit, with the suffix. */
  unit: string;
  arrangement: Arrangement;
  inetd: boolean;
  /** Whether the service has an exit status for sleep, after which systemd does not restart it. */
  sleeps: boolean;
  /** Whether systemd's start limit applies, because nothing else limits the starts. */
  hasStartLimit: boolean;
  /** Whether the service reports that it is ready. */
  notifies: boolean;
  raw: RawSections;
  /** Whether OpenFile= passes the notify socket. */
  openFile: boolean;
  /** The TimeoutStopSec= derived from the drain timeout, if the description does not set it. */
  stopTimeout: string | undefined;
  values: Asked<keyof typeof serviceDirectives>;
  /** The folders of the service, and HOME if the user has no home directory. */
  folders: Line[];
  credentials: Line[];
  /** The program's working directory. For Node, the default is the app's folder. */
  workingDirectory: Line[];
  /** NODE_ENV for Node, unless the description sets it. */
  nodeEnvironment: Line[];
  /** The options that fields add to NODE_OPTIONS. */
  nodeOptions: Line[];
  /** The preload's map from ports and paths to sockets. */
  preloadMap: readonly Line[];
  /** Who may send a PROXY header to which socket. */
  proxyProtocol: readonly Line[];
  /** The compile cache folder. */
  compileCache: Line[];
  handover: HandoverLines;
  sandbox: Sandbox;
}

/** Reads the service of a description. The result is valid only if no problem was reported. */
export function readService(description: Record<string, unknown>, problems: UnitProblem[]): Service {
  const { hardening = "outbound", name } = description;
  const [checkedName = ""] = names.name(name, "name", problems);
  const arrangement = readArrangement(description, problems);
  const { kind, manager, systemd } = arrangement;
  const contained = description.container !== undefined;
  const preload = readPreload(description, problems);
  const table = {
    ...serviceDirectives,
    exec: contained
      ? { key: "Exec", read: containerExec }
      : { key: "ExecStart", read: execWith(preload.arguments) },
  };
  const values = readFields(table, otherFields, description, "", problems, () => ({
    // The first of several equally similar names is used.
    ...serviceSynonyms,
    ...sandboxFieldHints(hardening),
    ...socketFieldHints,
    ...serviceSynonyms,
  }));
  reportNewerFields(systemd, serviceDirectives, values, (field) => field, problems);
  for (const field of [
    "jitless",
    "compileCache",
    "bundle",
    "openFile",
    "rolling",
    "template",
    "inetd",
    "handover",
  ]) {
    if (description[field] !== undefined) read.boolean(description[field], field, problems);
  }
  if (description["hosts"] !== undefined)
    read.each(read.literal(read.sentence))(description["hosts"], "hosts", problems);
  reportLifecycleConflicts(description, problems);
  reportPreloadConflicts(description, problems);
  reportHandoverConflicts(description, problems);
  const notifies = notifiesBy(description);
  const openFile = notifies && !contained && (description.openFile ?? runsNode(description)) === true;
  if (openFile) {
    const field = ["type", "handover", "rolling"].find((one) => description[one] !== undefined) ?? "type";
    reportNewer(systemd, "OpenFile", [""], field, problems);
    if (manager === "user" && arrangement.uid === undefined) {
      problems.push({
        code: "SOCKACT_ERR_UNIT_MISSING",
        path: "uid",
        message: "it is missing, and a user's service manager needs it for the path in OpenFile=",
        hint: "write what `id -u` prints; or openFile: false with notifyAccess: 'all', and notify with systemd-notify(1)",
      });
    }
  }
  if (description.exec === undefined && !contained) exec(undefined, "exec", problems);
  const dynamicUser = runsAsDynamicUser(manager, values);
  const sandbox = readSandbox(
    hardening,
    {
      manager,
      systemd,
      dynamicUser,
      // The folders that systemd creates for a user's service are also in a home directory.
      inHome:
        manager === "user" ||
        liesInHome(
          { ...description, exec: [description.exec, preload.file].flat() },
          foldersInEmptyHomes(description),
        ),
      // The program for NotifyAccess=all is a separate process, without the descriptor of OpenFile=.
      sendsBySocket: notifies && (!openFile || description.notifyAccess === "all"),
      jitless: description.jitless === true,
    },
    problems,
    hintsInHardening,
  );
  const folders = folderLines(values, {
    description,
    name: checkedName,
    folder: kind === "template" ? "/%i" : "",
    dynamicUser,
    keepsState: sandbox.profile === "outbound",
  });
  if (!contained && dynamicUser) {
    reportProgramInHome(description, preload, problems);
    // Units do not show who owns the folder.
    if (values.readWritePaths.length > 0 && values.group.length + values.supplementaryGroups.length === 0)
      reportForeignFolders(description["readWritePaths"] as unknown[], folders, problems);
  }
  const credentials = readCredentials(description.credentials, "credentials", problems);
  for (const { key, value } of credentials) reportNewer(systemd, key, [value], "credentials", problems);
  const node = !contained && runsNode(description);
  const folder =
    node && description.workingDirectory === undefined && isNode(description.exec)
      ? appFolder(description.exec as unknown[])
      : undefined;
  const sections = ["Unit", ...(contained ? ["Container" as const] : []), "Service", "Install"] as const;
  const raw =
    description.raw === undefined
      ? {}
      : readRaw(description.raw, sections, fieldsOfService(hardening), systemd, "raw", problems);
  reportSilentFailure(description, arrangement, raw, values.onFailure, problems);
  const workingDirectory =
    folder === undefined
      ? asked("WorkingDirectory", values.workingDirectory, "workingDirectory")
      : [added("WorkingDirectory", folder)];
  return {
    name: checkedName,
    unit: `${checkedName}${kind === "pair" ? "" : "@"}.service`,
    startedUnit: `${checkedName}${startedInstance[kind]}.service`,
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
    folders,
    credentials,
    workingDirectory,
    nodeEnvironment:
      node && !setsVariable(description, "NODE_ENV")
        ? [addedForNode("Environment", "NODE_ENV=production")]
        : [],
    nodeOptions: nodeOptionLines(
      description,
      [...jitless(description, problems), ...preload.options],
      problems,
    ),
    preloadMap: preload.map,
    proxyProtocol: proxyProtocolLines(description, checkedName, problems),
    compileCache: compileCacheLines(description, checkedName, problems),
    healthSocket: readHealthSocket(description, arrangement, problems),
    handover: handoverLines(description, checkedName, arrangement, workingDirectory),
    sandbox,
  };
}

/** Reports folders for a dynamic user, which owns only those that systemd creates. */
function reportForeignFolders(paths: unknown[], folders: readonly Line[], problems: UnitProblem[]): void {
  const report = conflictsIn(problems);
  const own = folders.filter(({ key }) => key === "StateDirectory").map(({ value }) => `/var/lib/${value}`);
  if (paths.every((path) => liesIn(own, path)))
    return report(
      "readWritePaths",
      `systemd creates ${own.join(" and ")} for the service, which may write there without this field`,
      "leave it out",
    );
  report(
    "readWritePaths",
    "the service runs with DynamicUser=, as a user that owns no such folder: writing would fail with EACCES",
    `set user to the owner of the folder, or supplementaryGroups to a group that may write to it (any group if everyone may); or use ${own[0] === undefined ? "stateDirectory, a folder under /var/lib that systemd creates" : `${own[0]}, which needs no user`}`,
  );
}

/** The conditions and assertions of systemd.unit(5) that have no field. */
function rawConditions({ Unit = [] }: RawSections): Line[] {
  return Unit.filter(({ key }) => /^(?:Condition|Assert)/.test(key));
}

/** The instance that traffic starts, for each kind. */
const startedInstance: Record<Arrangement["kind"], string> = {
  pair: "",
  template: "@%i",
  accept: "@",
  rolling: "@blue",
};

/** A user's service manager rejects DynamicUser=, and has only one user. */
export function runsAsDynamicUser(manager: Arrangement["manager"], { user }: Service["values"]): boolean {
  return manager === "system" && user.length === 0;
}
