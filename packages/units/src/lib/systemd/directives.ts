/** The form of a value, as far as it is checked. */
export type ValueKind = "boolean" | "span" | "mode" | "count" | "units" | "other";

/** Facts about a directive. */
export interface DirectiveFacts {
  kind: ValueKind;
  /** The version of systemd that added it. `undefined` if `oldestVersion` has it. */
  since: number | undefined;
  /** Whether an empty assignment resets the list. Otherwise systemd ignores it. */
  resets: boolean;
}

/**
 * The version of systemd whose `--dump-configuration-items` a test compares with the table. It does not have
 * newer directives.
 */
export const dumpedVersion = 257;

/**
 * The directives of each section, by the kind of their values. `-` after a name means that an empty
 * assignment resets the list, and `@250` that systemd 250 added the directive. Tests compare all of it with
 * systemd and its man pages.
 */
const table: Readonly<Record<string, Partial<Record<ValueKind, string>>>> = {
  Unit: {
    boolean: `
    StopWhenUnneeded RefuseManualStart RefuseManualStop AllowIsolate DefaultDependencies
    SurviveFinalKillSignal@255 OnFailureIsolate IgnoreOnIsolate`,
    span: `
    StartLimitIntervalSec StartLimitInterval`,
    count: `
    StartLimitBurst`,
    units: `
    Requires Requisite Wants BindsTo BindTo Upholds@249 Conflicts Before After OnSuccess@249 OnFailure
    PropagatesReloadTo PropagateReloadTo ReloadPropagatedFrom PropagateReloadFrom PropagatesStopTo@249
    StopPropagatedFrom@249 PartOf JoinsNamespaceOf`,
    other: `
    OnSuccessJobMode OnFailureJobMode Description- Documentation- SourcePath- RequiresOverridable
    RequisiteOverridable RequiresMountsFor WantsMountsFor@256 JobTimeoutSec JobRunningTimeoutSec
    JobTimeoutAction JobTimeoutRebootArgument StartLimitAction FailureAction SuccessAction
    FailureActionExitStatus-@240 SuccessActionExitStatus-@240 RebootArgument ConditionPathExists-
    ConditionPathExistsGlob- ConditionPathIsDirectory- ConditionPathIsSymbolicLink-
    ConditionPathIsMountPoint- ConditionPathIsReadWrite- ConditionPathIsEncrypted-@246
    ConditionDirectoryNotEmpty- ConditionFileNotEmpty- ConditionFileIsExecutable- ConditionNeedsUpdate-
    ConditionFirstBoot- ConditionArchitecture- ConditionFirmware-@249 ConditionVirtualization-
    ConditionHost- ConditionKernelCommandLine- ConditionKernelVersion- ConditionCredential-@252
    ConditionSecurity- ConditionCapability- ConditionACPower- ConditionMemory-@242 ConditionCPUFeature-@248
    ConditionCPUs-@242 ConditionEnvironment-@246 ConditionUser- ConditionGroup-
    ConditionControlGroupController- ConditionOSRelease-@249 ConditionMemoryPressure-@250
    ConditionCPUPressure-@250 ConditionIOPressure-@250 AssertPathExists- AssertPathExistsGlob-
    AssertPathIsDirectory- AssertPathIsSymbolicLink- AssertPathIsMountPoint- AssertPathIsReadWrite-
    AssertPathIsEncrypted-@246 AssertDirectoryNotEmpty- AssertFileNotEmpty- AssertFileIsExecutable-
    AssertNeedsUpdate- AssertFirstBoot- AssertArchitecture- AssertVirtualization- AssertHost-
    AssertKernelCommandLine- AssertKernelVersion- AssertCredential-@252 AssertSecurity- AssertCapability-
    AssertACPower- AssertMemory-@242 AssertCPUFeature-@248 AssertCPUs-@242 AssertEnvironment-@246
    AssertUser- AssertGroup- AssertControlGroupController- AssertOSRelease-@249 AssertMemoryPressure-@250
    AssertCPUPressure-@250 AssertIOPressure-@250 CollectMode ConditionVersion-@258
    ConditionKernelModuleLoaded-@258 ConditionPathIsSocket-@260 ConditionFraction-@261
    ConditionMachineTag-@261 AssertVersion-@258 AssertKernelModuleLoaded-@258 AssertPathIsSocket-@260
    AssertFraction-@261 AssertMachineTag-@261`,
  },
  Service: {
    boolean: `
    PermissionsStartOnly RootDirectoryStartOnly RemainAfterExit GuessMainPID NonBlocking`,
    span: `
    RestartSec RestartMaxDelaySec@254 TimeoutSec TimeoutStartSec RuntimeMaxSec RuntimeRandomizedExtraSec@250
    WatchdogSec StartLimitInterval`,
    count: `
    RestartSteps@254 StartLimitBurst FileDescriptorStoreMax`,
    other: `
    PIDFile- ExecCondition-@243 ExecStartPre- ExecStart- ExecReload- ExecStartPost- ExecStop- ExecStopPost-
    TimeoutStopSec TimeoutAbortSec-@243 TimeoutStartFailureMode@246 TimeoutStopFailureMode@246
    StartLimitAction FailureAction RebootArgument Type ExitType@250 Restart RestartMode@254
    RestartPreventExitStatus- RestartForceExitStatus- SuccessExitStatus- BusName
    FileDescriptorStorePreserve@254 NotifyAccess Sockets USBFunctionDescriptors- USBFunctionStrings-
    OOMPolicy@243 OpenFile-@253 ReloadSignal@253 ExecReloadPost@259 LUOSession@262 RefreshOnReload@260
    RestartRandomizedDelaySec@262`,
  },
  Socket: {
    boolean: `
    Accept FlushPending@247 Writable KeepAlive NoDelay FreeBind Transparent Broadcast PassCredentials
    PassFileDescriptorsToExec@256 PassSecurity PassPacketInfo@246 ReusePort RemoveOnStop
    SELinuxContextFromNet`,
    span: `
    KeepAliveTimeSec KeepAliveIntervalSec DeferAcceptSec TriggerLimitIntervalSec PollLimitIntervalSec@255`,
    mode: `
    SocketMode DirectoryMode`,
    count: `
    Backlog MaxConnections MaxConnectionsPerSource KeepAliveProbes TriggerLimitBurst PollLimitBurst@255`,
    other: `
    ListenStream- ListenDatagram- ListenSequentialPacket- ListenFIFO- ListenNetlink- ListenSpecial-
    ListenMessageQueue- ListenUSBFunction- SocketProtocol BindIPv6Only BindToDevice- ExecStartPre-
    ExecStartPost- ExecStopPre- ExecStopPost- TimeoutSec SocketUser- SocketGroup- Priority ReceiveBuffer
    SendBuffer IPTOS- IPTTL Mark PipeSize Timestamping@247 TCPCongestion- MessageQueueMaxMessages
    MessageQueueMessageSize Symlinks- FileDescriptorName- Service SmackLabel- SmackLabelIPIn-
    SmackLabelIPOut- AcceptFileDescriptors@258 DeferTrigger@258 DeferTriggerMaxSec@258 PassPIDFD@258
    XAttrAccept@262 XAttrEntryPoint@262 XAttrListen@262`,
  },
  Timer: {
    boolean: `
    OnClockChange@242 OnTimezoneChange@242 Persistent WakeSystem RemainAfterElapse FixedRandomDelay@247
    DeferReactivation@257`,
    span: `
    AccuracySec RandomizedDelaySec`,
    other: `
    OnCalendar OnActiveSec OnBootSec OnStartupSec OnUnitActiveSec OnUnitInactiveSec Unit
    RandomizedOffsetSec@258`,
  },
  Install: {
    other: `
    Alias- WantedBy- RequiredBy- UpheldBy-@254 Also DefaultInstance`,
  },
  /** systemd.exec(5), systemd.kill(5) and systemd.resource-control(5). */
  shared: {
    boolean: `
    RootEphemeral@254 CPUSchedulingResetOnFork DynamicUser RemoveIPC TTYReset TTYVHangup TTYVTDisallocate
    SyslogLevelPrefix NoNewPrivileges MemoryDenyWriteExecute RestrictRealtime RestrictSUIDSGID@242
    LockPersonality PrivateDevices ProtectKernelTunables ProtectKernelModules ProtectKernelLogs@244
    ProtectClock@245 PrivateNetwork PrivateIPC@248 IgnoreSIGPIPE ProtectHostname@242 CPUAccounting
    MemoryAccounting MemoryZSwapWriteback@256 IOAccounting BlockIOAccounting TasksAccounting IPAccounting
    CoredumpReceive@255 SendSIGKILL SendSIGHUP`,
    span: `
    LogRateLimitIntervalSec@240 TimeoutCleanSec@244 MemoryPressureThresholdSec@254`,
    mode: `
    UMask RuntimeDirectoryMode StateDirectoryMode CacheDirectoryMode LogsDirectoryMode
    ConfigurationDirectoryMode`,
    count: `
    LogRateLimitBurst@240`,
    other: `
    WorkingDirectory- RootDirectory- RootImage RootImageOptions-@247 RootImagePolicy@254 RootHash-@246
    RootHashSignature-@246 RootVerity-@246 ExtensionDirectories-@251 ExtensionImages-@248
    ExtensionImagePolicy@254 MountImages-@247 MountImagePolicy@254 User- Group- SupplementaryGroups-
    SetLoginEnvironment-@255 Nice- OOMScoreAdjust- CoredumpFilter-@246 IOSchedulingClass-
    IOSchedulingPriority- CPUSchedulingPolicy- CPUSchedulingPriority CPUAffinity- NUMAPolicy-@243
    NUMAMask-@243 Environment- EnvironmentFile- PassEnvironment- UnsetEnvironment- StandardInput
    StandardOutput StandardError StandardInputText- StandardInputData- TTYPath- TTYRows-@250 TTYColumns-@250
    SyslogIdentifier- SyslogFacility SyslogLevel LogLevelMax LogExtraFields- LogFilterPatterns-@253
    SecureBits- CapabilityBoundingSet AmbientCapabilities- TimerSlackNSec KeyringMode ProtectProc@247
    ProcSubset@247 SystemCallFilter- SystemCallArchitectures- SystemCallErrorNumber- SystemCallLog-@247
    RestrictNamespaces- RestrictAddressFamilies- RestrictFileSystems-@250 LimitCPU LimitFSIZE LimitDATA
    LimitSTACK LimitCORE LimitRSS LimitNOFILE LimitAS LimitNPROC LimitMEMLOCK LimitLOCKS LimitSIGPENDING
    LimitMSGQUEUE LimitNICE LimitRTPRIO LimitRTTIME ReadWriteDirectories- ReadOnlyDirectories-
    InaccessibleDirectories- ReadWritePaths- ReadOnlyPaths- InaccessiblePaths- ExecPaths-@248
    NoExecPaths-@248 ExecSearchPath-@250 BindPaths- BindReadOnlyPaths- TemporaryFileSystem- PrivateTmp
    ProtectControlGroups NetworkNamespacePath-@242 IPCNamespacePath-@248 LogNamespace-@245 PrivateUsers
    PrivateMounts- PrivatePIDs@257 ProtectSystem ProtectHome MountFlags- MountAPIVFS- BindLogSockets-@257
    Personality- RuntimeDirectoryPreserve RuntimeDirectory- StateDirectory- CacheDirectory- LogsDirectory-
    ConfigurationDirectory- SetCredential-@247 SetCredentialEncrypted-@250 LoadCredential-@247
    LoadCredentialEncrypted-@250 ImportCredential-@254 PAMName- UtmpIdentifier UtmpMode SELinuxContext-
    AppArmorProfile- SmackProcessLabel- MemoryKSM-@254 Slice AllowedCPUs-@244 StartupAllowedCPUs-@250
    AllowedMemoryNodes-@244 StartupAllowedMemoryNodes-@250 CPUWeight- StartupCPUWeight- CPUShares-
    StartupCPUShares- CPUQuota- CPUQuotaPeriodSec-@242 MemoryMin-@240 DefaultMemoryMin@243
    DefaultMemoryLow@243 DefaultStartupMemoryLow@254 MemoryLow- StartupMemoryLow-@254 MemoryHigh-
    StartupMemoryHigh-@254 MemoryMax- StartupMemoryMax-@254 MemorySwapMax- StartupMemorySwapMax-@254
    MemoryZSwapMax-@253 StartupMemoryZSwapMax-@254 MemoryLimit- DeviceAllow- DevicePolicy IOWeight-
    StartupIOWeight- IODeviceWeight- IOReadBandwidthMax- IOWriteBandwidthMax- IOReadIOPSMax- IOWriteIOPSMax-
    IODeviceLatencyTargetSec-@240 BlockIOWeight- StartupBlockIOWeight- BlockIODeviceWeight-
    BlockIOReadBandwidth- BlockIOWriteBandwidth- TasksMax- Delegate DelegateSubgroup-@254
    DisableControllers-@240 IPAddressAllow- IPAddressDeny- IPIngressFilterPath-@243 IPEgressFilterPath-@243
    ManagedOOMSwap-@247 ManagedOOMMemoryPressure-@247 ManagedOOMMemoryPressureLimit-@247
    ManagedOOMMemoryPressureDurationSec-@257 ManagedOOMPreference@248 BPFProgram-@249 SocketBindAllow-@249
    SocketBindDeny-@249 RestrictNetworkInterfaces-@250 MemoryPressureWatch@254 NFTSet-@255 KillMode-
    KillSignal RestartKillSignal@244 FinalKillSignal@240 WatchdogSignal@240 DelegateNamespaces@258
    MemoryTHP@260 PrivateBPF@258 BPFDelegateCommands@258 BPFDelegateMaps@258 BPFDelegatePrograms@258
    BPFDelegateAttachments@258 UserNamespacePath@259 BindNetworkInterface@260 RootMStack@260
    CPUSetPartition@261 CPUPressureWatch@261 CPUPressureThresholdSec@261 IOPressureWatch@261
    IOPressureThresholdSec@261 OOMRules@261 StateDirectoryQuota@258 StateDirectoryAccounting@258
    CacheDirectoryQuota@258 CacheDirectoryAccounting@258 LogsDirectoryQuota@258 LogsDirectoryAccounting@258`,
  },
};

function factsOf(...sections: string[]): ReadonlyMap<string, DirectiveFacts> {
  return new Map(
    sections
      .flatMap((section) => Object.entries(table[section]!) as [ValueKind, string][])
      .flatMap(([kind, names]) =>
        [...names.matchAll(/(\w+)(-?)(?:@(\d+))?/g)].map(([, name = "", resets, since]) => [
          name,
          { kind, since: since === undefined ? undefined : Number(since), resets: resets === "-" },
        ]),
      ),
  );
}

const common = { Unit: factsOf("Unit"), Install: factsOf("Install") };

/** The sections and directives of each unit type. */
export const directivesOf: Readonly<
  Record<string, Readonly<Record<string, ReadonlyMap<string, DirectiveFacts>>>>
> = {
  service: { ...common, Service: factsOf("Service", "shared") },
  socket: { ...common, Socket: factsOf("Socket", "shared") },
  timer: { ...common, Timer: factsOf("Timer") },
};

const byName = factsOf(...Object.keys(table));

/** Facts about a directive in any section, or `undefined`. */
export const directiveNamed = (name: string): DirectiveFacts | undefined => byName.get(name);
