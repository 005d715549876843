import type { Assignment } from "./parse.ts";

/**
 * Directives for which an empty assignment removes the ones before it. For other directives, systemd ignores an empty assignment: it keeps the
 * names in Requires= and After=, a boolean, a duration, a count and a mode.
 */
const resetting = new Set(
  `Description Documentation SourcePath FailureActionExitStatus SuccessActionExitStatus
  WantedBy RequiredBy UpheldBy Alias
  PIDFile TimeoutAbortSec RestartPreventExitStatus RestartForceExitStatus SuccessExitStatus OpenFile
  USBFunctionDescriptors USBFunctionStrings
  BindToDevice SocketUser SocketGroup IPTOS TCPCongestion Symlinks FileDescriptorName SmackLabel SmackLabelIPIn SmackLabelIPOut
  WorkingDirectory RootDirectory RootHash RootHashSignature RootVerity RootImageOptions ExtensionDirectories ExtensionImages MountImages
  User Group SupplementaryGroups SetLoginEnvironment PAMName
  Nice OOMScoreAdjust CoredumpFilter IOSchedulingClass IOSchedulingPriority CPUSchedulingPolicy CPUAffinity NUMAPolicy NUMAMask
  Environment EnvironmentFile PassEnvironment UnsetEnvironment
  StandardInputText StandardInputData TTYPath TTYRows TTYColumns SyslogIdentifier LogExtraFields LogFilterPatterns LogNamespace
  SecureBits AmbientCapabilities SystemCallFilter SystemCallArchitectures SystemCallErrorNumber SystemCallLog
  RestrictNamespaces RestrictAddressFamilies RestrictFileSystems RestrictNetworkInterfaces
  ReadWriteDirectories ReadOnlyDirectories InaccessibleDirectories ReadWritePaths ReadOnlyPaths InaccessiblePaths ExecPaths NoExecPaths
  ExecSearchPath BindPaths BindReadOnlyPaths TemporaryFileSystem NetworkNamespacePath IPCNamespacePath
  PrivateMounts MountFlags MountAPIVFS BindLogSockets Personality MemoryKSM
  RuntimeDirectory StateDirectory CacheDirectory LogsDirectory ConfigurationDirectory
  SetCredential SetCredentialEncrypted LoadCredential LoadCredentialEncrypted ImportCredential
  SELinuxContext AppArmorProfile SmackProcessLabel
  AllowedCPUs StartupAllowedCPUs AllowedMemoryNodes StartupAllowedMemoryNodes
  CPUWeight StartupCPUWeight CPUShares StartupCPUShares CPUQuota CPUQuotaPeriodSec
  MemoryMin MemoryLow StartupMemoryLow MemoryHigh StartupMemoryHigh MemoryMax StartupMemoryMax MemorySwapMax StartupMemorySwapMax
  MemoryZSwapMax StartupMemoryZSwapMax MemoryLimit TasksMax
  DeviceAllow IOWeight StartupIOWeight IODeviceWeight IOReadBandwidthMax IOWriteBandwidthMax IOReadIOPSMax IOWriteIOPSMax
  IODeviceLatencyTargetSec BlockIOWeight StartupBlockIOWeight BlockIODeviceWeight BlockIOReadBandwidth BlockIOWriteBandwidth
  DelegateSubgroup DisableControllers IPAddressAllow IPAddressDeny IPIngressFilterPath IPEgressFilterPath
  ManagedOOMSwap ManagedOOMMemoryPressure ManagedOOMMemoryPressureLimit ManagedOOMMemoryPressureDurationSec
  BPFProgram SocketBindAllow SocketBindDeny NFTSet KillMode`.split(/\s+/),
);

/** The same for lists that have a directive for each kind of item. */
const resettingLists =
  /^(?:Exec(?:Condition|Start(?:Pre|Post)?|Reload|Stop(?:Pre|Post)?)|(?:Condition|Assert|Listen)[A-Z]\w*)$/;

/** Whether an assignment is empty and removes the ones before it. */
export const isReset = ({ key, value }: Assignment): boolean =>
  value === "" && (resetting.has(key) || resettingLists.test(key));
