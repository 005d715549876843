import type { AppDescription } from "../../description/app.ts";
import type { Directive } from "./fields.ts";
import * as number from "../values/numbers.ts";
import { commands } from "./program.ts";
import * as read from "../values/readers.ts";

type Table<Field extends keyof AppDescription> = Readonly<Record<Field, Directive>>;

// Directives that are written as they are asked for and need nothing else, by the part of the unit file they stand in, in its order.

/** systemd.unit(5): before the units that are started along. */
export const conditions: Table<"conditionPathExists" | "requiresMountsFor"> = {
  conditionPathExists: {
    key: "ConditionPathExists",
    read: read.oneOrMore(read.flagged("path", { not: "!" }, read.directory)),
  },
  requiresMountsFor: { key: "RequiresMountsFor", read: read.oneOrMore(read.plainPath) },
};

/** systemd.unit(5): how the service depends on other units. */
export const dependencies: Table<"requires" | "wants" | "bindsTo" | "partOf" | "conflicts" | "before"> = {
  requires: { key: "Requires", read: read.each(read.unitName) },
  wants: { key: "Wants", read: read.each(read.unitName) },
  bindsTo: { key: "BindsTo", read: read.each(read.unitName) },
  partOf: { key: "PartOf", read: read.each(read.unitName) },
  conflicts: { key: "Conflicts", read: read.each(read.unitName) },
  before: { key: "Before", read: read.each(read.unitName) },
};

/** systemd.service(5): what runs before the program. */
export const commandsBefore: Table<"execCondition" | "execStartPre"> = {
  execCondition: { key: "ExecCondition", read: commands },
  execStartPre: { key: "ExecStartPre", read: commands },
};

/** systemd.service(5): what runs besides the program, and after it. */
export const commandsAfter: Table<"execStartPost" | "execReload" | "execStop" | "execStopPost"> = {
  execStartPost: { key: "ExecStartPost", read: commands },
  execReload: { key: "ExecReload", read: commands },
  execStop: { key: "ExecStop", read: commands },
  execStopPost: { key: "ExecStopPost", read: commands },
};

/** systemd.exec(5): where more variables come from. */
export const surroundings: Table<"environmentFile" | "passEnvironment"> = {
  environmentFile: {
    key: "EnvironmentFile",
    read: read.oneOrMore(read.flagged("path", { optional: "-" }, read.directory)),
  },
  passEnvironment: { key: "PassEnvironment", read: read.each(read.variableName) },
};

/** systemd.exec(5): where the output goes. */
export const output: Table<"standardOutput" | "standardError"> = {
  standardOutput: { key: "StandardOutput", read: read.output },
  standardError: { key: "StandardError", read: read.output },
};

/** systemd.exec(5): what the journal makes of it. */
export const logs: Table<"syslogIdentifier" | "logRateLimitIntervalSec" | "logRateLimitBurst"> = {
  syslogIdentifier: { key: "SyslogIdentifier", read: read.sentence },
  logRateLimitIntervalSec: { key: "LogRateLimitIntervalSec", read: read.duration },
  logRateLimitBurst: { key: "LogRateLimitBurst", read: read.count },
};

/** systemd.service(5): when it starts again. */
export const restarts: Table<
  "restartSteps" | "restartMaxDelaySec" | "restartPreventExitStatus" | "successExitStatus"
> = {
  restartSteps: { key: "RestartSteps", read: read.count },
  restartMaxDelaySec: { key: "RestartMaxDelaySec", read: read.wait },
  restartPreventExitStatus: {
    key: "RestartPreventExitStatus",
    read: read.each(read.exitStatus),
  },
  successExitStatus: { key: "SuccessExitStatus", read: read.each(read.exitStatus) },
};

/** systemd.service(5) and systemd.kill(5): how long it may take, and how it is ended. */
export const times: Table<"timeoutStartSec" | "runtimeMaxSec" | "killMode" | "killSignal" | "reloadSignal"> =
  {
    timeoutStartSec: { key: "TimeoutStartSec", read: read.timeout },
    runtimeMaxSec: { key: "RuntimeMaxSec", read: read.durationOrInfinity },
    killMode: { key: "KillMode", read: read.oneOf(["control-group", "mixed", "process"]) },
    killSignal: { key: "KillSignal", read: read.signal },
    reloadSignal: { key: "ReloadSignal", read: read.signal },
  };

/** systemd.exec(5) and systemd.resource-control(5): what it may use. */
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
  fileDescriptorStoreMax: { key: "FileDescriptorStoreMax", read: read.count },
  fileDescriptorStorePreserve: {
    key: "FileDescriptorStorePreserve",
    read: read.oneOf(["no", "yes", "restart", "on-success"]),
  },
  nice: { key: "Nice", read: number.integer(-20, 19) },
  oomScoreAdjust: { key: "OOMScoreAdjust", read: number.integer(-1000, 1000) },
  oomPolicy: { key: "OOMPolicy", read: read.oneOf(["continue", "stop", "kill"]) },
  limitNOFILE: { key: "LimitNOFILE", read: number.fileLimit },
  limitNPROC: { key: "LimitNPROC", read: number.countLimit },
  limitCORE: { key: "LimitCORE", read: number.sizeLimit },
  limitMEMLOCK: { key: "LimitMEMLOCK", read: number.lockLimit },
  slice: { key: "Slice", read: read.slice },
  cpuWeight: { key: "CPUWeight", read: number.integer(1, 10_000) },
  cpuQuota: { key: "CPUQuota", read: number.quota },
  memoryLow: { key: "MemoryLow", read: number.memory },
  memoryHigh: { key: "MemoryHigh", read: number.someMemory },
  memoryMax: { key: "MemoryMax", read: number.someMemory },
  memorySwapMax: { key: "MemorySwapMax", read: number.memory },
  tasksMax: { key: "TasksMax", read: number.tasks },
  ioWeight: { key: "IOWeight", read: number.integer(1, 10_000) },
};
