import type { Assignment } from "../../parse/parse.ts";
import type { ValueKind } from "../../systemd/directives.ts";
import { timeSpanOf } from "../../systemd/time-spans.ts";
import { architectures } from "../../systemd/value-names.ts";
import { wholeOf } from "../../systemd/amounts.ts";
import {
  absolutePath,
  afterSigns,
  boolean,
  booleanOr,
  choice,
  count,
  either,
  expanded,
  interfaceName,
  mode,
  orEmpty,
  plainWords,
  quotedWords,
  shareOf,
  size,
  span,
  valueWhere,
  whole,
  type ReadValue,
  type Refused,
} from "./readers.ts";
import {
  afterTilde,
  bindRule,
  capabilityNames,
  device,
  errorNumber,
  families,
  ipAddress,
  namespaces,
  secureBits,
  systemCalls,
} from "./sandbox.ts";
import {
  anyMemory,
  controller,
  coredumpFilter,
  countLimit,
  cpuSet,
  nice,
  ofDevice,
  signed,
  sizeLimit,
  someMemory,
  throughput,
  timeLimit,
  weight,
} from "./limits.ts";
import {
  account,
  action,
  assignment,
  conditionPath,
  credential,
  directories,
  documentation,
  environment,
  exitStatuses,
  facilities,
  fileName,
  input,
  jobMode,
  levels,
  lower,
  mount,
  netlink,
  oneSignal,
  openFile,
  output,
  path,
  paths,
  sequentialAddress,
  slice,
  unitNames,
  unitOfType,
  variableName,
} from "./forms.ts";

/** The readers of directives. Several directives can share one. */
const table: readonly (readonly [keys: string, read: ReadValue])[] = [
  ["BindIPv6Only", booleanOr("default", "both", "ipv6-only")],
  ["CollectMode", choice("inactive", "inactive-or-failed")],
  ["DeferTrigger", booleanOr("patient")],
  ["DevicePolicy", choice("auto", "closed", "strict")],
  ["ExitType", choice("main", "cgroup")],
  // Since systemd 261 also on-success.
  ["FileDescriptorStorePreserve", booleanOr("restart", "on-success")],
  ["RuntimeDirectoryPreserve", booleanOr("restart")],
  ["KeyringMode", choice("inherit", "private", "shared")],
  ["KillMode", orEmpty(choice("control-group", "process", "mixed", "none"))],
  ["ManagedOOMMemoryPressure ManagedOOMSwap", orEmpty(choice("auto", "kill"))],
  ["ManagedOOMPreference", choice("none", "avoid", "omit")],
  ["MemoryPressureWatch", booleanOr("auto", "skip")],
  ["MountFlags", orEmpty(choice("shared", "slave", "private"))],
  ["NotifyAccess", choice("none", "main", "exec", "all")],
  ["NUMAPolicy", orEmpty(choice("default", "preferred", "bind", "interleave", "local"))],
  ["OOMPolicy", choice("continue", "stop", "kill")],
  ["OnSuccessJobMode OnFailureJobMode", jobMode],
  ["PrivateTmp", booleanOr("disconnected")],
  // Since systemd 258 also full, since 260 managed.
  ["PrivateUsers", booleanOr("self", "identity", "full", "managed")],
  ["ProcSubset", choice("all", "pid")],
  ["ProtectControlGroups", booleanOr("private", "strict")],
  ["ProtectHome", booleanOr("read-only", "tmpfs")],
  // Since systemd 258 also private, with a name after it, and empty.
  ["ProtectHostname", orEmpty(afterSigns(/:.*/s, booleanOr("private")))],
  ["ProtectProc", choice("noaccess", "invisible", "ptraceable", "default")],
  ["ProtectSystem", booleanOr("full", "strict")],
  ["Restart", choice("no", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort", "always")],
  ["RestartMode", choice("normal", "direct", "debug")],
  ["SocketProtocol", lower(choice("udplite", "sctp", "mptcp"))],
  ["StartLimitAction FailureAction SuccessAction JobTimeoutAction", action],
  ["TimeoutStartFailureMode TimeoutStopFailureMode", choice("terminate", "abort", "kill")],
  ["Timestamping", booleanOr("off", "us", "usec", "µs", "μs", "ns", "nsec")],
  ["Type", choice("simple", "exec", "forking", "oneshot", "dbus", "notify", "notify-reload", "idle")],
  ["UtmpMode", choice("init", "login", "user")],

  ["BindLogSockets MemoryKSM MountAPIVFS PrivateMounts SetLoginEnvironment", orEmpty(boolean)],
  ["PrivatePIDs AcceptFileDescriptors PassPIDFD", boolean],

  ["TimeoutSec TimeoutStopSec JobTimeoutSec JobRunningTimeoutSec", span],
  ["TimeoutAbortSec CPUQuotaPeriodSec", orEmpty(span)],
  ["DeferTriggerMaxSec", span],
  [
    "ManagedOOMMemoryPressureDurationSec",
    orEmpty(
      valueWhere(
        (text) => (timeSpanOf(text) ?? 0) >= 1000 && timeSpanOf(text) !== Infinity,
        "not a time span that fits",
        "at least 1s",
      ),
    ),
  ],
  [
    "TimerSlackNSec",
    valueWhere(
      (text) => timeSpanOf(text.replaceAll(/(\d\s*)n(?=s)/g, "$1u")) !== undefined,
      "not a time span",
      "nanoseconds, or a number with its unit: 50us",
    ),
  ],

  [
    "CPUQuota",
    orEmpty(
      valueWhere(
        (text) => (shareOf(text) ?? 0) > 0,
        "not a percentage of CPU time",
        "a percentage of one CPU: 50%, 200%",
      ),
    ),
  ],
  ["CPUWeight StartupCPUWeight", orEmpty(either(weight, choice("idle")))],
  ["IOWeight StartupIOWeight", orEmpty(weight)],
  ["MemoryHigh StartupMemoryHigh MemoryMax StartupMemoryMax", someMemory],
  [
    "MemoryMin DefaultMemoryMin MemoryLow StartupMemoryLow DefaultMemoryLow DefaultStartupMemoryLow MemorySwapMax StartupMemorySwapMax MemoryZSwapMax StartupMemoryZSwapMax",
    anyMemory,
  ],
  [
    "TasksMax",
    orEmpty(
      valueWhere(
        (text) => text === "infinity" || (shareOf(text) ?? 2) <= 1 || (wholeOf(text) ?? 0) > 0,
        "not a number of tasks",
        "a number above 0, a percentage of the machine's limit such as 10%, or infinity",
      ),
    ),
  ],
  [
    "ManagedOOMMemoryPressureLimit",
    orEmpty(
      valueWhere((text) => (shareOf(text) ?? 2) <= 1, "not a percentage of time", "a percentage up to 100%"),
    ),
  ],
  ["LimitCPU", timeLimit(1000)],
  ["LimitRTTIME", timeLimit(0.001)],
  ["LimitNICE", nice],
  ["LimitNOFILE LimitNPROC LimitLOCKS LimitSIGPENDING LimitRTPRIO", countLimit],
  ["LimitFSIZE LimitDATA LimitSTACK LimitCORE LimitRSS LimitAS LimitMEMLOCK LimitMSGQUEUE", sizeLimit],

  ["Nice", orEmpty(whole(-20, 19))],
  ["OOMScoreAdjust", orEmpty(whole(-1000, 1000))],
  ["IOSchedulingClass", orEmpty(either(choice("none", "realtime", "best-effort", "idle"), whole(0, 8)))],
  ["IOSchedulingPriority", orEmpty(whole(0, 7))],
  // Since systemd 259 also ext.
  [
    "CPUSchedulingPolicy",
    orEmpty(either(choice("other", "batch", "idle", "fifo", "rr", "ext"), whole(0, 2 ** 31 - 1))),
  ],
  ["CPUSchedulingPriority", whole(0, 99)],
  ["TTYRows TTYColumns", orEmpty(count)],
  ["FailureActionExitStatus SuccessActionExitStatus", orEmpty(whole(0, 255))],
  ["CPUAffinity", orEmpty(either(cpuSet, choice("numa")))],
  ["AllowedCPUs StartupAllowedCPUs AllowedMemoryNodes StartupAllowedMemoryNodes", orEmpty(cpuSet)],

  ["NUMAMask", orEmpty(either(cpuSet, choice("all")))],
  ["CoredumpFilter", coredumpFilter],
  ["IODeviceWeight", orEmpty(ofDevice(weight))],
  ["IODeviceLatencyTargetSec", orEmpty(ofDevice(span))],
  ["IOReadBandwidthMax IOWriteBandwidthMax IOReadIOPSMax IOWriteIOPSMax", orEmpty(ofDevice(throughput))],

  ["ListenSequentialPacket", sequentialAddress],
  ["ListenNetlink", netlink],
  ["MaxConnections", whole(1, 2 ** 32 - 1)],
  ["Priority Mark IPTTL", signed],
  ["IPTOS", orEmpty(either(choice("low-delay", "throughput", "reliability", "low-cost"), whole(0, 255)))],
  ["ReceiveBuffer SendBuffer PipeSize", size],
  ["MessageQueueMaxMessages", whole(-(2 ** 63), 2 ** 63)],
  // Since systemd 262 also with a unit.
  ["MessageQueueMessageSize", either(whole(-(2 ** 63), 2 ** 63), size)],
  ["BindToDevice", orEmpty(interfaceName)],
  ["RestrictNetworkInterfaces", afterTilde(quotedWords(interfaceName))],
  [
    "FileDescriptorName",
    orEmpty(
      expanded(
        valueWhere(
          (text) => /^[ -9;-~]{0,255}$/.test(text),
          "not the name of a file descriptor",
          "up to 255 printable ASCII characters, none of them a colon",
        ),
      ),
    ),
  ],
  ["SocketUser SocketGroup User Group", orEmpty(account)],
  ["SupplementaryGroups", quotedWords(account)],

  ["SystemCallFilter SystemCallLog", systemCalls],
  [
    "SystemCallArchitectures",
    quotedWords(
      valueWhere(
        (text) => architectures.has(text),
        "not an architecture",
        "native, or names as `systemd-analyze architectures` lists them",
      ),
    ),
  ],
  [
    "Personality",
    orEmpty(
      valueWhere((text) => architectures.has(text), "not an architecture", "its name, such as x86 or x86-64"),
    ),
  ],
  ["SystemCallErrorNumber", orEmpty(errorNumber)],
  ["RestrictAddressFamilies", families],
  ["RestrictNamespaces", orEmpty(either(namespaces, boolean))],
  ["CapabilityBoundingSet AmbientCapabilities", capabilityNames],
  ["SecureBits", secureBits],
  ["Delegate", orEmpty(either(plainWords(controller), boolean))],
  ["KillSignal RestartKillSignal FinalKillSignal WatchdogSignal ReloadSignal", oneSignal],
  ["SuccessExitStatus RestartPreventExitStatus RestartForceExitStatus", exitStatuses],

  ["StandardOutput StandardError", output],
  ["StandardInput", input],
  ["SyslogLevel LogLevelMax", either(levels, whole(0, 7))],
  ["SyslogFacility", either(facilities, whole(0, 127))],

  ["IPAddressAllow IPAddressDeny", plainWords(ipAddress)],
  ["SocketBindAllow SocketBindDeny", orEmpty(bindRule)],
  ["DeviceAllow", orEmpty(device)],

  [
    "ReadWritePaths ReadOnlyPaths InaccessiblePaths ExecPaths NoExecPaths ReadWriteDirectories ReadOnlyDirectories InaccessibleDirectories",
    quotedWords(expanded(afterSigns(/^-?\+?/, absolutePath))),
  ],
  [
    "ExecSearchPath",
    quotedWords((text, unit) =>
      text
        .split(":")
        .map((one) => expanded(absolutePath)(one, unit))
        .find((refused) => refused !== undefined),
    ),
  ],
  ["BindPaths BindReadOnlyPaths", mount],
  ["TemporaryFileSystem", quotedWords(expanded(afterSigns(/:.*/s, absolutePath)))],
  [
    "RootDirectory RootImage NetworkNamespacePath IPCNamespacePath UserNamespacePath TTYPath USBFunctionDescriptors USBFunctionStrings SourcePath",
    path,
  ],
  [
    "IPIngressFilterPath IPEgressFilterPath ListenFIFO ListenSpecial ListenUSBFunction ListenMessageQueue",
    path,
  ],
  ["RequiresMountsFor WantsMountsFor Symlinks", paths],
  [
    "ConditionPathExists ConditionPathExistsGlob ConditionPathIsDirectory ConditionPathIsSymbolicLink ConditionPathIsMountPoint ConditionPathIsReadWrite ConditionPathIsEncrypted ConditionDirectoryNotEmpty ConditionFileNotEmpty ConditionFileIsExecutable ConditionNeedsUpdate",
    conditionPath,
  ],
  [
    "AssertPathExists AssertPathExistsGlob AssertPathIsDirectory AssertPathIsSymbolicLink AssertPathIsMountPoint AssertPathIsReadWrite AssertPathIsEncrypted AssertDirectoryNotEmpty AssertFileNotEmpty AssertFileIsExecutable AssertNeedsUpdate",
    conditionPath,
  ],
  ["RuntimeDirectory StateDirectory CacheDirectory LogsDirectory", directories("links")],
  ["ConfigurationDirectory", directories("names")],
  [
    "PIDFile",
    orEmpty(
      expanded(
        valueWhere((text) => !text.split("/").includes(".."), "a path with .. in it", "the path without .."),
      ),
    ),
  ],

  ["Environment", environment],
  ["EnvironmentFile", orEmpty(afterSigns(/^-/, expanded(absolutePath)))],
  ["PassEnvironment", quotedWords(expanded(variableName))],
  ["UnsetEnvironment", quotedWords(expanded(either(variableName, assignment)))],
  [
    "LogExtraFields",
    quotedWords(
      valueWhere(
        (text) => /^[A-Z][A-Z0-9_]{0,63}=/.test(text),
        "not a field with its value",
        "NAME=value, with the name in upper case",
      ),
    ),
  ],

  ["Slice", slice],
  [
    "BusName",
    expanded(
      valueWhere(
        (text) => /^(?::[\w-]+(?:\.[\w-]+)+|[A-Za-z_-][\w-]*(?:\.[A-Za-z_-][\w-]*)+)$/.test(text),
        "not a name on D-Bus",
        "it in full, as in org.example.App",
      ),
    ),
  ],
  ["OpenFile", orEmpty(openFile)],
  ["LogNamespace", orEmpty(expanded(fileName))],
  ["LoadCredential LoadCredentialEncrypted", orEmpty(credential(""))],
  ["SetCredential SetCredentialEncrypted", orEmpty(credential(":"))],
  ["Service", unitOfType("service")],
  ["Sockets", plainWords(unitOfType("socket"))],
  ["WantedBy RequiredBy UpheldBy Also Alias", unitNames],
  ["Documentation", documentation],
];

const readers: ReadonlyMap<string, ReadValue> = new Map(
  table.flatMap(([keys, read]) => keys.split(" ").map((key) => [key, read] as const)),
);

const byKind: Readonly<Record<Exclude<ValueKind, "other">, ReadValue>> = {
  boolean,
  span,
  mode,
  count,
  units: unitNames,
};

/**
 * Why systemd rejects the value of a directive, and what to write instead. `undefined` if systemd accepts it,
 * or if its form is unknown.
 */
export function refusedValue({ key, value }: Assignment, kind: ValueKind, unit: string): Refused | undefined {
  const read = readers.get(key) ?? (kind === "other" ? undefined : byKind[kind]);
  const refused = read?.(value, unit);
  return refused !== undefined && value === ""
    ? { is: "the value is empty, and an empty value does not reset this directive", write: refused.write }
    : refused;
}
