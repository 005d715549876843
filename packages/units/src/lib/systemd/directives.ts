/** How systemd reads a value, as far as it is checked here. */
export type ValueKind = "boolean" | "span" | "mode" | "count" | "units" | "other";

type Names = Partial<Record<ValueKind, string>>;

/** The output of `systemd --dump-configuration-items` of systemd 257. A test compares the two. */
const known = {
  Unit: {
    boolean: `
    StopWhenUnneeded RefuseManualStart RefuseManualStop AllowIsolate DefaultDependencies
    SurviveFinalKillSignal OnFailureIsolate IgnoreOnIsolate`,
    span: `
    StartLimitIntervalSec StartLimitInterval`,
    count: `
    StartLimitBurst`,
    units: `
    Requires Requisite Wants BindsTo BindTo Upholds Conflicts Before After OnSuccess OnFailure
    PropagatesReloadTo PropagateReloadTo ReloadPropagatedFrom PropagateReloadFrom PropagatesStopTo
    StopPropagatedFrom PartOf JoinsNamespaceOf`,
    other: `
    OnSuccessJobMode OnFailureJobMode
    Description Documentation SourcePath RequiresOverridable RequisiteOverridable RequiresMountsFor
    WantsMountsFor JobTimeoutSec JobRunningTimeoutSec JobTimeoutAction JobTimeoutRebootArgument
    StartLimitAction FailureAction SuccessAction FailureActionExitStatus SuccessActionExitStatus
    RebootArgument ConditionPathExists ConditionPathExistsGlob ConditionPathIsDirectory
    ConditionPathIsSymbolicLink ConditionPathIsMountPoint ConditionPathIsReadWrite ConditionPathIsEncrypted
    ConditionDirectoryNotEmpty ConditionFileNotEmpty ConditionFileIsExecutable ConditionNeedsUpdate
    ConditionFirstBoot ConditionArchitecture ConditionFirmware ConditionVirtualization ConditionHost
    ConditionKernelCommandLine ConditionKernelVersion ConditionCredential ConditionSecurity
    ConditionCapability ConditionACPower ConditionMemory ConditionCPUFeature ConditionCPUs
    ConditionEnvironment ConditionUser ConditionGroup ConditionControlGroupController ConditionOSRelease
    ConditionMemoryPressure ConditionCPUPressure ConditionIOPressure AssertPathExists AssertPathExistsGlob
    AssertPathIsDirectory AssertPathIsSymbolicLink AssertPathIsMountPoint AssertPathIsReadWrite
    AssertPathIsEncrypted AssertDirectoryNotEmpty AssertFileNotEmpty AssertFileIsExecutable
    AssertNeedsUpdate AssertFirstBoot AssertArchitecture AssertVirtualization AssertHost
    AssertKernelCommandLine AssertKernelVersion AssertCredential AssertSecurity AssertCapability
    AssertACPower AssertMemory AssertCPUFeature AssertCPUs AssertEnvironment AssertUser AssertGroup
    AssertControlGroupController AssertOSRelease AssertMemoryPressure AssertCPUPressure AssertIOPressure
    CollectMode`,
  },
  Service: {
    boolean: `
    PermissionsStartOnly RootDirectoryStartOnly RemainAfterExit GuessMainPID NonBlocking`,
    span: `
    RestartSec RestartMaxDelaySec TimeoutSec TimeoutStartSec RuntimeMaxSec RuntimeRandomizedExtraSec
    WatchdogSec StartLimitInterval`,
    count: `
    RestartSteps StartLimitBurst FileDescriptorStoreMax`,
    other: `
    PIDFile ExecCondition ExecStartPre ExecStart ExecReload ExecStartPost ExecStop ExecStopPost
    TimeoutStopSec TimeoutAbortSec TimeoutStartFailureMode TimeoutStopFailureMode StartLimitAction
    FailureAction RebootArgument Type ExitType Restart RestartMode RestartPreventExitStatus
    RestartForceExitStatus SuccessExitStatus BusName FileDescriptorStorePreserve NotifyAccess Sockets
    USBFunctionDescriptors USBFunctionStrings OOMPolicy OpenFile ReloadSignal`,
  },
  Socket: {
    boolean: `
    Accept FlushPending Writable KeepAlive NoDelay FreeBind Transparent Broadcast PassCredentials
    PassFileDescriptorsToExec PassSecurity PassPacketInfo ReusePort RemoveOnStop SELinuxContextFromNet`,
    span: `
    KeepAliveTimeSec KeepAliveIntervalSec DeferAcceptSec TriggerLimitIntervalSec PollLimitIntervalSec`,
    mode: `
    SocketMode DirectoryMode`,
    count: `
    Backlog MaxConnections MaxConnectionsPerSource KeepAliveProbes TriggerLimitBurst PollLimitBurst`,
    other: `
    ListenStream ListenDatagram ListenSequentialPacket ListenFIFO ListenNetlink ListenSpecial
    ListenMessageQueue ListenUSBFunction SocketProtocol BindIPv6Only BindToDevice ExecStartPre
    ExecStartPost ExecStopPre ExecStopPost TimeoutSec SocketUser SocketGroup Priority ReceiveBuffer
    SendBuffer IPTOS IPTTL Mark PipeSize Timestamping TCPCongestion MessageQueueMaxMessages
    MessageQueueMessageSize Symlinks FileDescriptorName Service SmackLabel SmackLabelIPIn SmackLabelIPOut`,
  },
  Timer: {
    boolean: `
    OnClockChange OnTimezoneChange Persistent WakeSystem RemainAfterElapse FixedRandomDelay
    DeferReactivation`,
    span: `
    AccuracySec RandomizedDelaySec`,
    other: `
    OnCalendar OnActiveSec OnBootSec OnStartupSec OnUnitActiveSec OnUnitInactiveSec Unit`,
  },
  Install: {
    other: `
    Alias WantedBy RequiredBy UpheldBy Also DefaultInstance`,
  },
  /** systemd.exec(5), systemd.kill(5) and systemd.resource-control(5). */
  shared: {
    boolean: `
    RootEphemeral CPUSchedulingResetOnFork DynamicUser RemoveIPC TTYReset TTYVHangup TTYVTDisallocate
    SyslogLevelPrefix NoNewPrivileges MemoryDenyWriteExecute RestrictRealtime RestrictSUIDSGID
    LockPersonality PrivateDevices ProtectKernelTunables ProtectKernelModules ProtectKernelLogs
    ProtectClock PrivateNetwork PrivateIPC IgnoreSIGPIPE ProtectHostname CPUAccounting MemoryAccounting
    MemoryZSwapWriteback IOAccounting BlockIOAccounting TasksAccounting IPAccounting CoredumpReceive
    SendSIGKILL SendSIGHUP`,
    span: `
    LogRateLimitIntervalSec TimeoutCleanSec MemoryPressureThresholdSec`,
    mode: `
    UMask RuntimeDirectoryMode StateDirectoryMode CacheDirectoryMode LogsDirectoryMode
    ConfigurationDirectoryMode`,
    count: `
    LogRateLimitBurst`,
    other: `
    WorkingDirectory RootDirectory RootImage RootImageOptions RootImagePolicy RootHash RootHashSignature
    RootVerity ExtensionDirectories ExtensionImages ExtensionImagePolicy MountImages MountImagePolicy User
    Group SupplementaryGroups SetLoginEnvironment Nice OOMScoreAdjust CoredumpFilter IOSchedulingClass
    IOSchedulingPriority CPUSchedulingPolicy CPUSchedulingPriority CPUAffinity NUMAPolicy NUMAMask
    Environment EnvironmentFile PassEnvironment UnsetEnvironment StandardInput StandardOutput StandardError
    StandardInputText StandardInputData TTYPath TTYRows TTYColumns SyslogIdentifier SyslogFacility
    SyslogLevel LogLevelMax LogExtraFields LogFilterPatterns SecureBits CapabilityBoundingSet
    AmbientCapabilities TimerSlackNSec KeyringMode ProtectProc ProcSubset SystemCallFilter
    SystemCallArchitectures SystemCallErrorNumber SystemCallLog RestrictNamespaces RestrictAddressFamilies
    RestrictFileSystems LimitCPU LimitFSIZE LimitDATA LimitSTACK LimitCORE LimitRSS LimitNOFILE LimitAS
    LimitNPROC LimitMEMLOCK LimitLOCKS LimitSIGPENDING LimitMSGQUEUE LimitNICE LimitRTPRIO LimitRTTIME
    ReadWriteDirectories ReadOnlyDirectories InaccessibleDirectories ReadWritePaths ReadOnlyPaths
    InaccessiblePaths ExecPaths NoExecPaths ExecSearchPath BindPaths BindReadOnlyPaths TemporaryFileSystem
    PrivateTmp ProtectControlGroups NetworkNamespacePath IPCNamespacePath LogNamespace PrivateUsers
    PrivateMounts PrivatePIDs ProtectSystem ProtectHome MountFlags MountAPIVFS BindLogSockets Personality
    RuntimeDirectoryPreserve RuntimeDirectory StateDirectory CacheDirectory LogsDirectory
    ConfigurationDirectory SetCredential SetCredentialEncrypted LoadCredential LoadCredentialEncrypted
    ImportCredential PAMName UtmpIdentifier UtmpMode SELinuxContext AppArmorProfile SmackProcessLabel
    MemoryKSM Slice AllowedCPUs StartupAllowedCPUs AllowedMemoryNodes StartupAllowedMemoryNodes CPUWeight
    StartupCPUWeight CPUShares StartupCPUShares CPUQuota CPUQuotaPeriodSec MemoryMin DefaultMemoryMin
    DefaultMemoryLow DefaultStartupMemoryLow MemoryLow StartupMemoryLow MemoryHigh StartupMemoryHigh
    MemoryMax StartupMemoryMax MemorySwapMax StartupMemorySwapMax MemoryZSwapMax StartupMemoryZSwapMax
    MemoryLimit DeviceAllow DevicePolicy IOWeight StartupIOWeight IODeviceWeight IOReadBandwidthMax
    IOWriteBandwidthMax IOReadIOPSMax IOWriteIOPSMax IODeviceLatencyTargetSec BlockIOWeight
    StartupBlockIOWeight BlockIODeviceWeight BlockIOReadBandwidth BlockIOWriteBandwidth TasksMax Delegate
    DelegateSubgroup DisableControllers IPAddressAllow IPAddressDeny IPIngressFilterPath IPEgressFilterPath
    ManagedOOMSwap ManagedOOMMemoryPressure ManagedOOMMemoryPressureLimit
    ManagedOOMMemoryPressureDurationSec ManagedOOMPreference BPFProgram SocketBindAllow SocketBindDeny
    RestrictNetworkInterfaces MemoryPressureWatch NFTSet KillMode KillSignal RestartKillSignal
    FinalKillSignal WatchdogSignal`,
  },
} as const satisfies Record<string, Names>;

/** Directives that later versions have added. Their values are not checked. */
export const later: Readonly<Record<string, string>> = {
  Socket:
    "AcceptFileDescriptors DeferTrigger DeferTriggerMaxSec PassPIDFD XAttrAccept XAttrEntryPoint XAttrListen",
  Unit: "ConditionVersion ConditionKernelModuleLoaded ConditionPathIsSocket ConditionFraction ConditionMachineTag AssertVersion AssertKernelModuleLoaded AssertPathIsSocket AssertFraction AssertMachineTag",
  Service: "ExecReloadPost LUOSession RefreshOnReload RestartRandomizedDelaySec",
  Timer: "RandomizedOffsetSec",
  shared:
    "DelegateNamespaces MemoryTHP PrivateBPF BPFDelegateCommands BPFDelegateMaps BPFDelegatePrograms BPFDelegateAttachments UserNamespacePath BindNetworkInterface RootMStack CPUSetPartition CPUPressureWatch CPUPressureThresholdSec IOPressureWatch IOPressureThresholdSec OOMRules StateDirectoryQuota StateDirectoryAccounting CacheDirectoryQuota CacheDirectoryAccounting LogsDirectoryQuota LogsDirectoryAccounting",
};

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== "");

function kindsOf(...sections: (keyof typeof known)[]): ReadonlyMap<string, ValueKind> {
  return new Map(
    sections.flatMap((section) => [
      ...words(later[section] ?? "").map((name) => [name, "other"] as const),
      ...(Object.entries(known[section]) as [ValueKind, string][]).flatMap(([kind, names]) =>
        words(names).map((name) => [name, kind] as const),
      ),
    ]),
  );
}

const common = { Unit: kindsOf("Unit"), Install: kindsOf("Install") };

/** For each suffix of a unit, its sections and their directives, with the reader for their values. */
export const directivesOf: Readonly<
  Record<string, Readonly<Record<string, ReadonlyMap<string, ValueKind>>>>
> = {
  service: { ...common, Service: kindsOf("Service", "shared") },
  socket: { ...common, Socket: kindsOf("Socket", "shared") },
  timer: { ...common, Timer: kindsOf("Timer") },
};
