import type { AppDescription } from "../../description/app.ts";
import { flagged, type Directive } from "./fields.ts";
import { commands, exec } from "./commands.ts";
import * as addresses from "../values/addresses.ts";
import * as read from "../values/readers.ts";
import * as names from "../values/names.ts";
import * as paths from "../values/paths.ts";
import * as durations from "../values/durations.ts";
import * as numbers from "../values/numbers.ts";
import { orFalse } from "../values/readers.ts";
import { durationVariable, environment, limitVariable, orNo } from "./environment.ts";
import { healthVariable } from "./health.ts";
import { folderDirectives } from "./folders.ts";
import { importedCredential } from "./credentials.ts";

type Table<Field extends keyof AppDescription> = Readonly<Record<Field, Directive>>;

// The directives that are written unchanged, by their place in the unit file.

/** systemd.unit(5): lines before the units that start together with the service. */
export const conditions: Table<"conditionPathExists" | "requiresMountsFor"> = {
  conditionPathExists: {
    key: "ConditionPathExists",
    read: read.oneOrMore(flagged("path", { not: "!" }, paths.directory)),
  },
  requiresMountsFor: { key: "RequiresMountsFor", read: read.oneOrMore(paths.plainPath) },
};

/** systemd.unit(5): how the service depends on other units. */
export const dependencies: Table<"requires" | "wants" | "bindsTo" | "partOf" | "conflicts" | "before"> = {
  requires: { key: "Requires", read: read.each(names.unitName) },
  wants: { key: "Wants", read: read.each(names.unitName) },
  bindsTo: { key: "BindsTo", read: read.each(names.unitName) },
  partOf: { key: "PartOf", read: read.each(names.unitName) },
  conflicts: { key: "Conflicts", read: read.each(names.unitName) },
  before: { key: "Before", read: read.each(names.unitName) },
};

/** systemd.service(5): commands that run before the program. */
export const commandsBefore: Table<"execCondition" | "execStartPre"> = {
  execCondition: { key: "ExecCondition", read: commands },
  execStartPre: { key: "ExecStartPre", read: commands },
};

/** systemd.service(5): commands that run beside or after the program. */
export const commandsAfter: Table<"execStartPost" | "execReload" | "execStop" | "execStopPost"> = {
  execStartPost: { key: "ExecStartPost", read: commands },
  execReload: { key: "ExecReload", read: commands },
  execStop: { key: "ExecStop", read: commands },
  execStopPost: { key: "ExecStopPost", read: commands },
};

/** systemd.exec(5): more sources of variables. */
export const surroundings: Table<"environmentFile" | "passEnvironment"> = {
  environmentFile: {
    key: "EnvironmentFile",
    read: read.oneOrMore(flagged("path", { optional: "-" }, paths.directory)),
  },
  passEnvironment: { key: "PassEnvironment", read: read.each(names.variableName) },
};

/** systemd.exec(5): the destination of the output. */
const output: Table<"standardOutput" | "standardError"> = {
  standardOutput: { key: "StandardOutput", read: paths.output },
  standardError: { key: "StandardError", read: paths.output },
};

/** systemd.exec(5): how the journal records the output. */
export const logs: Table<"syslogIdentifier" | "logRateLimitIntervalSec" | "logRateLimitBurst"> = {
  syslogIdentifier: { key: "SyslogIdentifier", read: read.sentence },
  logRateLimitIntervalSec: { key: "LogRateLimitIntervalSec", read: durations.duration },
  logRateLimitBurst: { key: "LogRateLimitBurst", read: numbers.count },
};

/** systemd.service(5): when systemd restarts the service. */
const restarts: Table<
  "restartSteps" | "restartMaxDelaySec" | "restartPreventExitStatus" | "successExitStatus"
> = {
  restartSteps: { key: "RestartSteps", read: numbers.count },
  restartMaxDelaySec: { key: "RestartMaxDelaySec", read: durations.wait },
  restartPreventExitStatus: {
    key: "RestartPreventExitStatus",
    read: read.each(names.exitStatus),
  },
  successExitStatus: { key: "SuccessExitStatus", read: read.each(names.exitStatus) },
};

/** systemd.service(5) and systemd.kill(5): timeouts, and how the service is stopped. */
export const times: Table<"timeoutStartSec" | "runtimeMaxSec" | "killMode" | "killSignal" | "reloadSignal"> =
  {
    timeoutStartSec: { key: "TimeoutStartSec", read: durations.timeout },
    runtimeMaxSec: { key: "RuntimeMaxSec", read: durations.durationOrInfinity },
    killMode: { key: "KillMode", read: read.oneOf(["control-group", "mixed", "process"]) },
    killSignal: { key: "KillSignal", read: names.signal },
    reloadSignal: { key: "ReloadSignal", read: names.signal },
  };

/** systemd.exec(5) and systemd.resource-control(5): resource limits. */
export const resources: Table<
  | "fileDescriptorStoreMax"
  | "fileDescriptorStorePreserve"
  | "nice"
  | "oomScoreAdjust"
  | "oomPolicy"
  | "limitNOFILE"
  | "limitNPROC"
  | "limitCORE"
  | "limitMEMLOCK"
  | "slice"
  | "cpuWeight"
  | "cpuQuota"
  | "memoryLow"
  | "memoryHigh"
  | "memoryMax"
  | "memorySwapMax"
  | "tasksMax"
  | "ioWeight"
> = {
  fileDescriptorStoreMax: { key: "FileDescriptorStoreMax", read: numbers.count },
  fileDescriptorStorePreserve: {
    key: "FileDescriptorStorePreserve",
    read: read.oneOf(["no", "yes", "restart", "on-success"]),
  },
  nice: { key: "Nice", read: numbers.integer(-20, 19) },
  oomScoreAdjust: { key: "OOMScoreAdjust", read: numbers.integer(-1000, 1000) },
  oomPolicy: { key: "OOMPolicy", read: read.oneOf(["continue", "stop", "kill"]) },
  limitNOFILE: { key: "LimitNOFILE", read: numbers.fileLimit },
  limitNPROC: { key: "LimitNPROC", read: numbers.countLimit },
  limitCORE: { key: "LimitCORE", read: numbers.sizeLimit },
  limitMEMLOCK: { key: "LimitMEMLOCK", read: numbers.lockLimit },
  slice: { key: "Slice", read: names.slice },
  cpuWeight: { key: "CPUWeight", read: numbers.integer(1, 10_000) },
  cpuQuota: { key: "CPUQuota", read: numbers.quota },
  memoryLow: { key: "MemoryLow", read: numbers.memory },
  memoryHigh: { key: "MemoryHigh", read: numbers.someMemory },
  memoryMax: { key: "MemoryMax", read: numbers.someMemory },
  memorySwapMax: { key: "MemorySwapMax", read: numbers.memory },
  tasksMax: { key: "TasksMax", read: numbers.tasks },
  ioWeight: { key: "IOWeight", read: numbers.integer(1, 10_000) },
};

/** The fields that are not exactly one directive. */
export const otherFields = [
  "$schema",
  "acknowledge",
  "name",
  "sockets",
  "hardening",
  "jitless",
  "compileCache",
  "bundle",
  "hosts",
  "preload",
  "handover",
  "healthSocket",
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

export const serviceDirectives: Record<
  Exclude<keyof AppDescription, (typeof otherFields)[number]>,
  Directive
> = {
  description: { key: "Description", read: read.sentence },
  documentation: { key: "Documentation", read: read.each(addresses.documentationURI) },
  ...conditions,
  ...dependencies,
  after: { key: "After", read: read.each(names.unitName) },
  onFailure: { key: "OnFailure", read: read.each(names.unitName) },
  type: { key: "Type", read: read.oneOf(["simple", "exec", "notify", "notify-reload", "idle"]) },
  notifyAccess: { key: "NotifyAccess", read: read.oneOf(["main", "exec", "all"]) },
  ...commandsBefore,
  exec: { key: "ExecStart", read: exec },
  ...commandsAfter,
  user: { key: "User", read: names.account },
  group: { key: "Group", read: names.account },
  supplementaryGroups: { key: "SupplementaryGroups", read: read.each(names.account) },
  workingDirectory: { key: "WorkingDirectory", read: orFalse(paths.directory) },
  environment: { key: "Environment", read: environment },
  ...surroundings,
  drainTimeout: { key: "Environment", read: durationVariable("SOCKACT_DRAIN_TIMEOUT") },
  idleTimeout: {
    key: "Environment",
    read: orNo(
      "SOCKACT_IDLE_TIMEOUT",
      limitVariable("SOCKACT_IDLE_TIMEOUT", "write false for a service that never sleeps"),
    ),
  },
  health: { key: "Environment", read: orNo("SOCKACT_HEALTH", healthVariable) },
  handoverTimeout: {
    key: "Environment",
    read: limitVariable("SOCKACT_HANDOVER_TIMEOUT", "write a time such as '60s', or leave it out"),
  },
  ...output,
  ...logs,
  restart: {
    key: "Restart",
    read: read.oneOf(["no", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort", "always"]),
  },
  restartSec: { key: "RestartSec", read: durations.wait },
  ...restarts,
  ...times,
  timeoutStopSec: { key: "TimeoutStopSec", read: durations.timeout },
  watchdogSec: { key: "WatchdogSec", read: durations.betweenPings },
  ...folderDirectives,
  importCredentials: { key: "ImportCredential", read: read.each(importedCredential) },
  ...resources,
  readWritePaths: { key: "ReadWritePaths", read: read.each(paths.quotedPath) },
  wantedBy: { key: "WantedBy", read: read.each(names.unitName) },
  defaultInstance: { key: "DefaultInstance", read: names.instance },
};
