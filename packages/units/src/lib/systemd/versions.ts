import type { Directive } from "../read/fields/fields.ts";
import type { UnitProblem } from "../problems.ts";

/** The oldest systemd that a description may name: the first that knows the system call groups of the sandbox. */
export const oldest = 239;

/** Since which systemd there is a directive, or a value of it; older ones than `oldest` know what is not here. */
const since: Readonly<Record<string, number>> = {
  // systemd.socket(5)
  PassPacketInfo: 246,
  FlushPending: 247,
  Timestamping: 247,
  PollLimitIntervalSec: 255,
  PollLimitBurst: 255,
  PassFileDescriptorsToExec: 256,
  "SocketProtocol=mptcp": 257,
  AcceptFileDescriptors: 258,
  PassPIDFD: 258,
  DeferTrigger: 258,
  DeferTriggerMaxSec: 258,
  XAttrAccept: 262,
  XAttrEntryPoint: 262,
  XAttrListen: 262,
  // systemd.unit(5)
  FailureActionExitStatus: 240,
  SuccessActionExitStatus: 240,
  ConditionCPUs: 244,
  ConditionMemory: 244,
  ConditionEnvironment: 246,
  ConditionPathIsEncrypted: 246,
  ConditionCPUFeature: 248,
  ConditionFirmware: 249,
  ConditionOSRelease: 249,
  OnSuccess: 249,
  PropagatesStopTo: 249,
  StopPropagatedFrom: 249,
  Upholds: 249,
  ConditionCPUPressure: 250,
  ConditionIOPressure: 250,
  ConditionMemoryPressure: 250,
  ConditionCredential: 252,
  UpheldBy: 254,
  WantsMountsFor: 256,
  ConditionKernelModuleLoaded: 258,
  ConditionVersion: 258,
  ConditionPathIsSocket: 260,
  ConditionFraction: 261,
  ConditionMachineTag: 261,
  // systemd.service(5)
  "Type=exec": 240,
  ExecCondition: 243,
  OOMPolicy: 243,
  TimeoutAbortSec: 243,
  TimeoutStartFailureMode: 246,
  TimeoutStopFailureMode: 246,
  ExitType: 250,
  RuntimeRandomizedExtraSec: 250,
  "Type=notify-reload": 253,
  OpenFile: 253,
  ReloadSignal: 253,
  FileDescriptorStorePreserve: 254,
  RestartMaxDelaySec: 254,
  RestartMode: 254,
  RestartSteps: 254,
  "RestartMode=debug": 257,
  ExecReloadPost: 259,
  RefreshOnReload: 260,
  "FileDescriptorStorePreserve=on-success": 261,
  // systemd.exec(5), systemd.kill(5) and systemd.resource-control(5)
  DisableControllers: 240,
  FinalKillSignal: 240,
  LogRateLimitBurst: 240,
  LogRateLimitIntervalSec: 240,
  MemoryMin: 240,
  "StandardError=append:": 240,
  "StandardOutput=append:": 240,
  WatchdogSignal: 240,
  NetworkNamespacePath: 242,
  ProtectHostname: 242,
  RestrictSUIDSGID: 242,
  IPEgressFilterPath: 243,
  IPIngressFilterPath: 243,
  NUMAMask: 243,
  NUMAPolicy: 243,
  AllowedCPUs: 244,
  AllowedMemoryNodes: 244,
  ProtectKernelLogs: 244,
  RestartKillSignal: 244,
  LogNamespace: 245,
  ProtectClock: 245,
  CoredumpFilter: 246,
  RootHash: 246,
  RootHashSignature: 246,
  RootVerity: 246,
  LoadCredential: 247,
  ManagedOOMMemoryPressure: 247,
  ManagedOOMMemoryPressureLimit: 247,
  ManagedOOMSwap: 247,
  MountImages: 247,
  ProcSubset: 247,
  ProtectProc: 247,
  RootImageOptions: 247,
  SetCredential: 247,
  SystemCallLog: 247,
  ExecPaths: 248,
  ExtensionImages: 248,
  IPCNamespacePath: 248,
  ManagedOOMPreference: 248,
  NoExecPaths: 248,
  PrivateIPC: 248,
  "StandardError=truncate:": 248,
  "StandardOutput=truncate:": 248,
  BPFProgram: 249,
  "RestrictAddressFamilies=none": 249,
  SocketBindAllow: 249,
  SocketBindDeny: 249,
  ExecSearchPath: 250,
  LoadCredentialEncrypted: 250,
  RestrictFileSystems: 250,
  RestrictNetworkInterfaces: 250,
  SetCredentialEncrypted: 250,
  TTYColumns: 250,
  TTYRows: 250,
  ExtensionDirectories: 251,
  StartupAllowedCPUs: 252,
  StartupAllowedMemoryNodes: 252,
  LogFilterPatterns: 253,
  MemoryZSwapMax: 253,
  DelegateSubgroup: 254,
  ExtensionImagePolicy: 254,
  ImportCredential: 254,
  MemoryKSM: 254,
  MemoryPressureThresholdSec: 254,
  MemoryPressureWatch: 254,
  MountImagePolicy: 254,
  RootEphemeral: 254,
  RootImagePolicy: 254,
  CoredumpReceive: 255,
  NFTSet: 255,
  SetLoginEnvironment: 255,
  SurviveFinalKillSignal: 255,
  BindLogSockets: 257,
  ManagedOOMMemoryPressureDurationSec: 257,
  PrivatePIDs: 257,
  BPFDelegateAttachments: 258,
  BPFDelegateCommands: 258,
  BPFDelegateMaps: 258,
  BPFDelegatePrograms: 258,
  CacheDirectoryAccounting: 258,
  CacheDirectoryQuota: 258,
  DelegateNamespaces: 258,
  LogsDirectoryAccounting: 258,
  LogsDirectoryQuota: 258,
  PrivateBPF: 258,
  StateDirectoryAccounting: 258,
  StateDirectoryQuota: 258,
  UserNamespacePath: 259,
  BindNetworkInterface: 260,
  "CPUSchedulingPolicy=ext": 260,
  MemoryTHP: 260,
  "PrivateUsers=managed": 260,
  RootMStack: 260,
  CPUPressureThresholdSec: 261,
  CPUPressureWatch: 261,
  CPUSetPartition: 261,
  IOPressureThresholdSec: 261,
  IOPressureWatch: 261,
};

/** What to write instead, where leaving it out is not all there is. */
const instead: Readonly<Record<string, string>> = {
  OpenFile: "write openFile: false with notifyAccess: 'all', and notify by systemd-notify(1)",
  "Type=notify-reload":
    "write type: 'notify', and execReload: [['/bin/kill', '-HUP', { variable: 'MAINPID' }]]",
  "Type=exec": "write type: 'simple'",
  "SocketProtocol=mptcp": "leave it out: the socket is TCP",
  "FileDescriptorStorePreserve=on-success": "write 'yes', or leave it out",
  ImportCredential: "name each credential in LoadCredential=",
  RestartSteps: "leave it out: each restart then waits for restartSec",
  RestartMaxDelaySec: "leave it out: each restart then waits for restartSec",
  "StandardOutput=truncate:": "write 'file:' with the path",
  "StandardError=truncate:": "write 'file:' with the path",
};

/** Which of these a line is: the value counts where it alone is new. */
function nameOf(key: string, value: string): string {
  const exact = `${key}=${value.replace(/:.*/s, ":")}`;
  return Object.hasOwn(since, exact) ? exact : key;
}

/** Since when there is one of these; each condition came with the assertion of its name. */
function sinceOf(name: string): number {
  const listed = name.replace(/^Assert/, "Condition");
  return Object.hasOwn(since, listed) ? since[listed]! : oldest;
}

/** Whether the systemd of a description knows this line; with none named, yes. */
export function knows(systemd: number | undefined, key: string, value: string): boolean {
  return systemd === undefined || sinceOf(nameOf(key, value)) <= systemd;
}

/** Reports a line that is too new for the systemd of the description. */
export function refuseNewer(
  systemd: number | undefined,
  key: string,
  values: readonly string[],
  path: string,
  problems: UnitProblem[],
): void {
  const value = values.find((text) => !knows(systemd, key, text));
  if (value === undefined) return;
  const name = nameOf(key, value);
  problems.push({
    code: "ERR_UNIT_VERSION",
    path,
    message: `${name}${name.includes("=") ? "" : "="} is of systemd ${sinceOf(name)}, and this is for ${systemd}`,
    hint: instead[name] ?? "leave it out",
  });
}

/** Reports the fields that are too new. */
export function refuseNewerFields<Field extends string>(
  systemd: number | undefined,
  table: Record<Field, Directive>,
  asked: Record<Field, readonly string[]>,
  path: (field: string) => string,
  problems: UnitProblem[],
): void {
  for (const field of Object.keys(table) as Field[])
    refuseNewer(systemd, table[field].key, asked[field], path(field), problems);
}
