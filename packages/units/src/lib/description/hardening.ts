/** How much of a sandbox the service gets; systemd.exec(5). */
export type HardeningProfile = "none" | "outbound" | "inbound";

/** Kinds of namespaces(7), as systemd.exec(5) names them. */
export type NamespaceType = "cgroup" | "ipc" | "net" | "mnt" | "pid" | "user" | "uts";

/** An access mode in octal, as chmod(1) has it: `'0027'`. */
export type Mode = string;

/**
 * A profile, and single directives of systemd.exec(5) and systemd.resource-control(5) where it is to be another.
 *
 * `true` writes a directive, `false` leaves it out, a value of its own is written as it is. What a profile writes, and why, is in docs/hardening.md.
 */
export interface HardeningOptions {
  /** What holds for the directives that are not named here; `outbound` by default. */
  profile?: HardeningProfile;
  /** NoNewPrivileges=: no setuid program raises privileges. */
  noNewPrivileges?: boolean;
  /** CapabilityBoundingSet=: the capabilities that it can have at most, such as `CAP_NET_ADMIN`; empty for none. */
  capabilityBoundingSet?: false | readonly string[];
  /** AmbientCapabilities=: the capabilities that it has. PrivateUsers=, in which they would mean nothing, is then left out. */
  ambientCapabilities?: false | readonly string[];
  /** PrivateTmp=: a /tmp and /var/tmp of its own. */
  privateTmp?: boolean;
  /** PrivateDevices=: no devices but those like /dev/null. */
  privateDevices?: boolean;
  /** PrivateNetwork=: no network interface but a loopback of its own. */
  privateNetwork?: boolean;
  /** PrivateUsers=: a user namespace of its own. */
  privateUsers?: boolean;
  /** PrivateIPC=, of systemd 248: an IPC namespace of its own. */
  privateIPC?: boolean;
  /** ProtectSystem=: what is read-only; `true` for /usr and the boot loader, `full` for /etc too, `strict` for everything. */
  protectSystem?: boolean | "full" | "strict";
  /** ProtectHome=: whether /home, /root and /run/user are hidden, read-only, or covered by empty folders. */
  protectHome?: boolean | "read-only" | "tmpfs";
  /** ProtectKernelTunables=: /proc/sys and /sys are read-only. */
  protectKernelTunables?: boolean;
  /** ProtectKernelModules=: no kernel module is loaded. */
  protectKernelModules?: boolean;
  /** ProtectKernelLogs=: the kernel's log is not read. */
  protectKernelLogs?: boolean;
  /** ProtectControlGroups=: control groups are read-only. */
  protectControlGroups?: boolean;
  /** ProtectClock=: the clock is not set. */
  protectClock?: boolean;
  /** ProtectHostname=: the host's name is not set, nor its changes seen. */
  protectHostname?: boolean;
  /** ProtectProc=, of systemd 247: whose processes /proc shows. */
  protectProc?: false | "noaccess" | "invisible" | "ptraceable" | "default";
  /** ProcSubset=, of systemd 247: whether /proc shows more than processes. */
  procSubset?: false | "all" | "pid";
  /** LockPersonality=: the execution domain stays as it is. */
  lockPersonality?: boolean;
  /** RestrictNamespaces=: no namespace is made or entered, or only those of these types. */
  restrictNamespaces?: boolean | readonly NamespaceType[];
  /** RestrictRealtime=: no realtime scheduling. */
  restrictRealtime?: boolean;
  /** RestrictSUIDSGID=: no setuid or setgid file is made. */
  restrictSUIDSGID?: boolean;
  /** MemoryDenyWriteExecute=: no memory is both written and run. For Node only with `jitless`, which writes it by itself. */
  memoryDenyWriteExecute?: boolean;
  /** RemoveIPC=: its System V and POSIX IPC objects go when it stops. */
  removeIPC?: boolean;
  /** KeyringMode=: which kernel keyring it sees. */
  keyringMode?: false | "inherit" | "private" | "shared";
  /** UMask=: which access new files do not give, in octal: `'0027'`. */
  umask?: false | Mode;
  /** SystemCallArchitectures=: whether only system calls of the native architecture are taken. */
  systemCallArchitectures?: boolean;
  /** SystemCallFilter=: what is allowed besides what the profile does, by call or by group: `@resources`. What begins with `~` is forbidden. */
  systemCallFilter?: false | readonly string[];
  /** SystemCallErrorNumber=: how a filtered call fails; `EPERM` by default. */
  systemCallErrorNumber?: "EPERM" | "EACCES" | "ENOSYS";
  /** RestrictAddressFamilies=: the families of socket(2) that it can use, such as `AF_UNIX`; empty for none. */
  restrictAddressFamilies?: false | readonly string[];
  /** IPAddressAllow=: with whom it exchanges IP packets though they are denied: `localhost`, `10.0.0.0/8`. Sockets passed to it are not touched. */
  ipAddressAllow?: readonly string[];
  /** IPAddressDeny=: with whom it exchanges no IP packets; `true` for `any`. */
  ipAddressDeny?: boolean | readonly string[];
}

/** A profile by its name, or an object with a profile and single directives. */
export type Hardening = HardeningProfile | HardeningOptions;

/** A directive of the sandbox, as a field of the description. */
export type SandboxField = keyof Omit<HardeningOptions, "profile">;
