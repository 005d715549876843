import type { AppDescription } from "../description.ts";
import { unescapedUnitName } from "../write/escape.ts";
import { readFields, type Asked, type Directive } from "../read/fields.ts";
import { jitless } from "../harden/jitless.ts";
import { readSandbox, type Sandbox } from "../harden/sandbox.ts";
import { importedCredential, readCredentials } from "../read/credentials.ts";
import { folderDirectives } from "../read/folders.ts";
import { notifiesBy, refuseContradictions, stopTimeout } from "../read/lifecycle.ts";
import { liesInHome, refuseTemporary } from "../read/places.ts";
import type { UnitProblem } from "../read/problems.ts";
import { durationVariable, environment, exec } from "../read/program.ts";
import { compilesAtRunTime } from "../read/runtime.ts";
import { folderLines } from "./folders.ts";
import type { SocketOwner } from "./sockets.ts";
import * as read from "../read/readers.ts";
import { added, asked, askedOr, type Line, type Section } from "../write/unit-text.ts";

type ServiceField = Exclude<keyof AppDescription, "sockets">;

/** The fields that are more, or less, than a directive. */
type OtherField = "name" | "hardening" | "jitless" | "credentials" | "openFile" | "rolling";

const directives: Record<Exclude<ServiceField, OtherField>, Directive> = {
  description: { key: "Description", read: read.sentence },
  documentation: { key: "Documentation", read: read.each(read.documentationURI) },
  requires: { key: "Requires", read: read.each(read.unitName) },
  wants: { key: "Wants", read: read.each(read.unitName) },
  after: { key: "After", read: read.each(read.unitName) },
  type: { key: "Type", read: read.oneOf(["simple", "exec", "notify", "notify-reload", "idle"]) },
  notifyAccess: { key: "NotifyAccess", read: read.oneOf(["main", "exec", "all"]) },
  exec: { key: "ExecStart", read: exec },
  user: { key: "User", read: read.account },
  group: { key: "Group", read: read.account },
  workingDirectory: { key: "WorkingDirectory", read: read.directory },
  environment: { key: "Environment", read: environment },
  drainTimeout: { key: "Environment", read: durationVariable("SOCKACT_DRAIN_TIMEOUT") },
  idleTimeout: { key: "Environment", read: durationVariable("SOCKACT_IDLE_TIMEOUT") },
  restart: {
    key: "Restart",
    read: read.oneOf(["no", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort", "always"]),
  },
  restartSec: { key: "RestartSec", read: read.duration },
  timeoutStopSec: { key: "TimeoutStopSec", read: read.durationOrInfinity },
  watchdogSec: { key: "WatchdogSec", read: read.duration },
  ...folderDirectives,
  importCredentials: { key: "ImportCredential", read: read.each(importedCredential) },
  readWritePaths: { key: "ReadWritePaths", read: read.each(read.quotedPath) },
  wantedBy: { key: "WantedBy", read: read.each(read.unitName) },
};

/** The service of a description, each value as its unit file has it. */
export interface Service extends SocketOwner {
  /** The name of its unit, with the suffix. */
  unit: string;
  rolling: boolean;
  /** Whether OpenFile= is to pass the socket for notifications. */
  openFile: boolean;
  /** TimeoutStopSec= where none is asked for, and a drain is. */
  stopTimeout: string | undefined;
  values: Asked<keyof typeof directives>;
  /** Its own folders, and HOME where the user has none. */
  folders: Line[];
  credentials: Line[];
  /** What tells Node not to compile. */
  jitless: Line[];
  sandbox: Sandbox;
}

/** Reads the service out of a description; what it returns is of use only if no problem was reported. */
export function readService(description: Record<string, unknown>, problems: UnitProblem[]): Service {
  const { hardening = "outbound", name } = description;
  const [checkedName = ""] = read.name(name, "name", problems);
  const others = ["name", "sockets", "hardening", "jitless", "credentials", "openFile", "rolling"];
  const values = readFields(directives, others, description, "", problems);
  for (const field of ["jitless", "openFile", "rolling"]) {
    if (description[field] !== undefined) read.boolean(description[field], field, problems);
  }
  refuseContradictions(description, problems);
  const rolling = description.rolling === true;
  const notifies = notifiesBy(description);
  const openFile = notifies && description.openFile !== false;
  if (description.exec === undefined) exec(undefined, "exec", problems);
  const dynamicUser = values.user.length === 0;
  const sandbox = readSandbox(
    hardening,
    {
      dynamicUser,
      inHome: liesInHome(description),
      // The helper of NotifyAccess=all is a process with no descriptor of ours.
      sendsBySocket: notifies && (!openFile || description.notifyAccess === "all"),
      justInTime: compilesAtRunTime(description.exec),
      jitless: description.jitless === true,
    },
    problems,
  );
  if (dynamicUser || sandbox.lines.some(({ key }) => key === "PrivateTmp"))
    refuseTemporary(description, problems);
  return {
    name: checkedName,
    unit: `${checkedName}${rolling ? "@" : ""}.service`,
    startedUnit: `${checkedName}${rolling ? "@blue" : ""}.service`,
    rolling,
    notifies,
    openFile,
    stopTimeout: stopTimeout(description.drainTimeout),
    values,
    folders: folderLines(values, {
      description,
      name: checkedName,
      dynamicUser,
      keepsState: sandbox.profile === "outbound",
    }),
    credentials: readCredentials(description.credentials, "credentials", problems),
    jitless: jitless(description, problems),
    sandbox,
  };
}

/** The sections of the service's unit file. */
export function serviceSections(service: Service, socketUnits: readonly string[]): Section[] {
  const { name, values, rolling } = service;
  const say = (field: keyof typeof directives): Line[] => asked(directives[field].key, values[field]);
  const dynamicUser = values.user.length === 0;
  const restarts = values.restart[0] !== "no";
  return [
    {
      name: "Unit",
      lines: [
        ...askedOr("Description", values.description, name),
        ...say("documentation"),
        ...socketUnits.map((unit) => added("Requires", unit)),
        ...say("requires"),
        ...say("wants"),
        ...socketUnits.map((unit) => added("After", unit)),
        ...say("after"),
        added("StartLimitIntervalSec", "0"),
      ],
    },
    {
      name: "Service",
      lines: [
        ...(rolling ? askedOr("Type", values.type, "notify") : say("type")),
        ...(service.notifies ? askedOr("NotifyAccess", values.notifyAccess, "main") : []),
        ...(service.openFile ? [added("OpenFile", "/run/systemd/notify:notify")] : []),
        ...say("exec"),
        ...say("user"),
        ...(dynamicUser ? [added("DynamicUser", "yes")] : []),
        ...say("group"),
        ...say("workingDirectory"),
        ...say("environment"),
        ...say("drainTimeout"),
        ...say("idleTimeout"),
        ...askedOr("Restart", values.restart, "on-failure"),
        ...(restarts ? askedOr("RestartSec", values.restartSec, "1s") : say("restartSec")),
        ...(service.stopTimeout === undefined
          ? say("timeoutStopSec")
          : askedOr("TimeoutStopSec", values.timeoutStopSec, service.stopTimeout)),
        ...say("watchdogSec"),
        added("NonBlocking", "true"),
        ...(socketUnits.length > 1 || rolling
          ? socketUnits.map((unit) => added("Sockets", unescapedUnitName(unit)))
          : []),
        ...service.folders,
        ...service.credentials,
        ...say("importCredentials"),
        ...service.jitless,
        ...service.sandbox.lines,
        ...say("readWritePaths"),
      ],
    },
    {
      name: "Install",
      lines: [
        ...say("wantedBy"),
        ...(rolling && values.wantedBy.length > 0 ? [added("DefaultInstance", "blue")] : []),
        ...socketUnits.map((unit) => added("Also", unescapedUnitName(unit))),
      ],
    },
  ];
}
