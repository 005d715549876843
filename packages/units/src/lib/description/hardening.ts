import type { Mode } from "./values.ts";

/** How strict the sandbox is; see systemd.exec(5). */
export type HardeningProfile = "none" | "outbound" | "inbound";

/** Kinds of namespaces(7), as named in systemd.exec(5). */
export type NamespaceType = "cgroup" | "ipc" | "net" | "mnt" | "pid" | "user" | "uts";

/**
 * A profile, and individual directives of systemd.exec(5) and systemd.resource-control(5) that differ from
 * it.
 *
 * `true` writes a directive, `false` omits it, and any other value is written as it is. docs/directives.md
 * lists what each profile writes, and why.
 */
export interface HardeningOptions {
  /** The profile for all other directives. The default is `outbound`. */
  profile?: HardeningProfile | undefined;
  /** NoNewPrivileges=: no process gains privileges through a setuid program. */
  noNewPrivileges?: boolean | undefined;
  /**
   * CapabilityBoundingSet=: the most capabilities that the service can have, such as `CAP_NET_ADMIN`. An
   * empty array means none.
   */
  capabilityBoundingSet?: false | readonly string[] | undefined;
  /**
   * AmbientCapabilities=: the capabilities of the service. PrivateUsers= is then omitted, because they would
   * have no effect in a user namespace.
   */
  ambientCapabilities?: false | readonly string[] | undefined;
  /** PrivateTmp=: the service has its own /tmp and /var/tmp. */
  privateTmp?: boolean | undefined;
  /** PrivateDevices=: the service sees no devices except harmless ones such as /dev/null. */
  privateDevices?: boolean | undefined;
  /** PrivateNetwork=: the service has no network interface except its own loopback device. */
  privateNetwork?: boolean | undefined;
  /** PrivateUsers=: the service has its own user namespace. */
  privateUsers?: boolean | undefined;
  /** PrivateIPC=, since systemd 248: the service has its own IPC namespace. */
  privateIPC?: boolean | undefined;
  /**
   * ProtectSystem=: which folders are read-only. `true` means /usr and the boot loader, `full` also /etc,
   * `strict` everything.
   */
  protectSystem?: boolean | "full" | "strict" | undefined;
  /** ProtectHome=: whether /home, /root and /run/user are hidden, read-only, or covered by empty folders. */
  protectHome?: boolean | "read-only" | "tmpfs" | undefined;
  /** ProtectKernelTunables=: /proc/sys and /sys are read-only. */
  protectKernelTunables?: boolean | undefined;
  /** ProtectKernelModules=: the service cannot load kernel modules. */
  protectKernelModules?: boolean | undefined;
  /** ProtectKernelLogs=: the service cannot read the kernel's log. */
  protectKernelLogs?: boolean | undefined;
  /** ProtectControlGroups=: control groups are read-only. */
  protectControlGroups?: boolean | undefined;
  /** ProtectClock=: the service cannot set the clock. */
  protectClock?: boolean | undefined;
  /** ProtectHostname=: the service cannot change the host name, and does not see changes of it. */
  protectHostname?: boolean | undefined;
  /** ProtectProc=, since systemd 247: whose processes /proc shows. */
  protectProc?: false | "noaccess" | "invisible" | "ptraceable" | "default" | undefined;
  /** ProcSubset=, since systemd 247: whether /proc shows more than processes. */
  procSubset?: false | "all" | "pid" | undefined;
  /** LockPersonality=: the service cannot change its execution domain. */
  lockPersonality?: boolean | undefined;
  /** RestrictNamespaces=: the service cannot create or enter namespaces, or only those of these types. */
  restrictNamespaces?: boolean | readonly NamespaceType[] | undefined;
  /** RestrictRealtime=: the service cannot use real-time scheduling. */
  restrictRealtime?: boolean | undefined;
  /** RestrictSUIDSGID=: the service cannot create setuid or setgid files. */
  restrictSUIDSGID?: boolean | undefined;
  /**
   * MemoryDenyWriteExecute=: memory is never both writable and executable. For Node, this works only with
   * `jitless`, which writes it.
   */
  memoryDenyWriteExecute?: boolean | undefined;
  /** RemoveIPC=: systemd removes the service's System V and POSIX IPC objects when it stops. */
  removeIPC?: boolean | undefined;
  /** KeyringMode=: which kernel keyring the service sees. */
  keyringMode?: false | "inherit" | "private" | "shared" | undefined;
  /** UMask=: the permissions that new files do not get, in octal: `'0027'`. */
  umask?: false | Mode | undefined;
  /** SystemCallArchitectures=: whether only system calls of the native architecture are allowed. */
  systemCallArchitectures?: boolean | undefined;
  /**
   * SystemCallFilter=: system calls or groups, such as `@resources`, that are allowed in addition to the
   * profile. A `~` forbids an entry.
   */
  systemCallFilter?: false | readonly string[] | undefined;
  /** SystemCallErrorNumber=: the error of a forbidden call. The default is `EPERM`. */
  systemCallErrorNumber?: "EPERM" | "EACCES" | "ENOSYS" | undefined;
  /**
   * RestrictAddressFamilies=: the families of socket(2) that the service can use, such as `AF_UNIX`. An empty
   * array means none.
   */
  restrictAddressFamilies?: false | readonly string[] | undefined;
  /**
   * IPAddressAllow=: addresses for IP packets that IPAddressDeny= does not block: `localhost`, `10.0.0.0/8`.
   * Passed sockets are not affected.
   */
  ipAddressAllow?: readonly string[] | undefined;
  /** IPAddressDeny=: addresses whose IP packets are blocked. `true` means `any`. */
  ipAddressDeny?: boolean | readonly string[] | undefined;
}

/** A profile name, or an object with a profile and individual directives. */
export type Hardening = HardeningProfile | HardeningOptions;

/** A directive of the sandbox that is a field of the description. */
export type SandboxField = keyof Omit<HardeningOptions, "profile">;
