import type { Mode } from "./values.ts";

/** How much of a sandbox the service gets; systemd.exec(5). */
export type HardeningProfile = "none" | "outbound" | "inbound";

/** Kinds of namespaces(7), as systemd.exec(5) names them. */
export type NamespaceType = "cgroup" | "ipc" | "net" | "mnt" | "pid" | "user" | "uts";

/**
 * A profile, and single directives of systemd.exec(5) and systemd.resource-control(5) where it is to be another.
 *
 * `true` writes a directive, `false` leaves it out, a value of its own is written as it is. What a profile writes, and why, is in docs/hardening.md.
 */
export interface HardeningOptions {
  /** What holds for the directives that are not named here; `outbound` by default. */
  profile?: HardeningProfile | undefined;
  /** NoNewPrivileges=: no setuid program raises privileges. */
  noNewPrivileges?: boolean | undefined;
  /** CapabilityBoundingSet=: the capabilities that it can have at most, such as `CAP_NET_ADMIN`; empty for none. */
  capabilityBoundingSet?: false | readonly string[] | undefined;
  /** AmbientCapabilities=: the capabilities that it has. PrivateUsers=, in which they would mean nothing, is then left out. */
  ambientCapabilities?: false | readonly string[] | undefined;
  /** PrivateTmp=: a /tmp and /var/tmp of its own. */
  privateTmp?: boolean | undefined;
  /** PrivateDevices=: no devices but those like /dev/null. */
  privateDevices?: boolean | undefined;
  /** PrivateNetwork=: no network interface but a loopback of its own. */
  privateNetwork?: boolean | undefined;
  /** PrivateUsers=: a user namespace of its own. */
  privateUsers?: boolean | undefined;
  /** PrivateIPC=, of systemd 248: an IPC namespace of its own. */
  privateIPC?: boolean | undefined;
  /** ProtectSystem=: what is read-only; `true` for /usr and the boot loader, `full` for /etc too, `strict` for everything. */
  protectSystem?: boolean | "full" | "strict" | undefined;
  /** ProtectHome=: whether /home, /root and /run/user are hidden, read-only, or covered by empty folders. */
  protectHome?: boolean | "read-only" | "tmpfs" | undefined;
  /** ProtectKernelTunables=: /proc/sys and /sys are read-only. */
  protectKernelTunables?: boolean | undefined;
  /** ProtectKernelModules=: no kernel module is loaded. */
  protectKernelModules?: boolean | undefined;
  /** ProtectKernelLogs=: the kernel's log is not read. */
  protectKernelLogs?: boolean | undefined;
  /** ProtectControlGroups=: control groups are read-only. */
  protectControlGroups?: boolean | undefined;
  /** ProtectClock=: the clock is not set. */
  protectClock?: boolean | undefined;
  /** ProtectHostname=: the host's name is not set, nor its changes seen. */
  protectHostname?: boolean | undefined;
  /** ProtectProc=, of systemd 247: whose processes /proc shows. */
  protectProc?: false | "noaccess" | "invisible" | "ptraceable" | "default" | undefined;
  /** ProcSubset=, of systemd 247: whether /proc shows more than processes. */
  procSubset?: false | "all" | "pid" | undefined;
  /** LockPersonality=: the execution domain stays as it is. */
  lockPersonality?: boolean | undefined;
  /** RestrictNamespaces=: no namespace is made or entered, or only those of these types. */
  restrictNamespaces?: boolean | readonly NamespaceType[] | undefined;
  /** RestrictRealtime=: no realtime scheduling. */
  restrictRealtime?: boolean | undefined;
  /** RestrictSUIDSGID=: no setuid or setgid file is made. */
  restrictSUIDSGID?: boolean | undefined;
  /** MemoryDenyWriteExecute=: no memory is both written and run. For Node only with `jitless`, which writes it by itself. */
  memoryDenyWriteExecute?: boolean | undefined;
  /** RemoveIPC=: its System V and POSIX IPC objects go when it stops. */
  removeIPC?: boolean | undefined;
  /** KeyringMode=: which kernel keyring it sees. */
  keyringMode?: false | "inherit" | "private" | "shared" | undefined;
  /** UMask=: which access new files do not give, in octal: `'0027'`. */
  umask?: false | Mode | undefined;
  /** SystemCallArchitectures=: whether only system calls of the native architecture are taken. */
  systemCallArchitectures?: boolean | undefined;
  /** SystemCallFilter=: what is allowed besides what the profile does, by call or by group: `@resources`. What begins with `~` is forbidden. */
  systemCallFilter?: false | readonly string[] | undefined;
  /** SystemCallErrorNumber=: how a filtered call fails; `EPERM` by default. */
  systemCallErrorNumber?: "EPERM" | "EACCES" | "ENOSYS" | undefined;
  /** RestrictAddressFamilies=: the families of socket(2) that it can use, such as `AF_UNIX`; empty for none. */
  restrictAddressFamilies?: false | readonly string[] | undefined;
  /** IPAddressAllow=: with whom it exchanges IP packets though they are denied: `localhost`, `10.0.0.0/8`. Sockets passed to it are not touched. */
  ipAddressAllow?: readonly string[] | undefined;
  /** IPAddressDeny=: with whom it exchanges no IP packets; `true` for `any`. */
  ipAddressDeny?: boolean | readonly string[] | undefined;
}

/** A profile by its name, or an object with a profile and single directives. */
export type Hardening = HardeningProfile | HardeningOptions;

/** A directive of the sandbox, as a field of the description. */
export type SandboxField = keyof Omit<HardeningOptions, "profile">;
