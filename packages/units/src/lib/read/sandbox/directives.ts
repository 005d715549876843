import type { Directive } from "../fields/fields.ts";
import { oneOf, orFalse, report } from "../values/readers.ts";
import * as choose from "./choices.ts";
import type { HardeningProfile, SandboxField } from "../../description/hardening.ts";
import { mode } from "../values/numbers.ts";

/** Facts about the service that affect the sandbox. */
export interface ServiceFacts {
  manager: "system" | "user";
  /** The version of systemd in the description. */
  systemd: number | undefined;
  dynamicUser: boolean;
  /** Whether the program is in a home directory, which the service must be able to read. */
  inHome: boolean;
  /** Whether the service opens unix sockets itself to send notifications. */
  sendsBySocket: boolean;
  /** Whether Node runs with `--jitless`. */
  jitless: boolean;
}

/** The lines of another directive in the same sandbox. Empty if it is omitted. */
export type ValueOf = (field: SandboxField) => readonly string[];

/** What a profile writes: a line, or a line for each entry of the array. */
type Value = string | readonly string[] | ((facts: ServiceFacts, valueOf: ValueOf) => readonly string[]);

/**
 * A sandbox directive: its value in each profile, and the reason. A profile without a value omits the
 * directive.
 */
export interface SandboxDirective extends Directive, Partial<Record<HardeningProfile, Value>> {
  /** Why the directive is written. */
  reason: string;
  /** What a program, mainly Node, can no longer do. An object if the profiles differ. */
  cost?: string | Partial<Record<HardeningProfile, string>>;
  /** Why a profile omits the directive. */
  leftOut?: string;
  /** Why the directive has no effect in a user's service manager. */
  ofSystemAlone?: string;
  /** Whether the description's value is added to the profile's. */
  adds?: true;
  /** The values that DynamicUser= allows. It implies the first one. */
  dynamicUser?: readonly string[];
}

const yesNo = choose.onOff();

/** The profiles that have a sandbox. */
export const profiles = ["inbound", "outbound"] as const;

function both(value: Value): { inbound: Value; outbound: Value } {
  return { inbound: value, outbound: value };
}

/** In the order of the unit file. The profiles were tested with Node 20 to 26: test/whole-app.test.ts. */
export const sandboxDirectives: Record<SandboxField, SandboxDirective> = {
  noNewPrivileges: {
    key: "NoNewPrivileges",
    read: yesNo,
    ...both("yes"),
    dynamicUser: ["yes"],
    reason: "The service and its child processes cannot gain privileges through a setuid program.",
    cost: "A child process cannot use sudo.",
  },
  capabilityBoundingSet: {
    key: "CapabilityBoundingSet",
    read: orFalse(choose.words(choose.capability, "")),
    ...both((_, valueOf) => [valueOf("ambientCapabilities")[0] ?? ""]),
    reason: "The service needs no capability, because systemd opens the port.",
    cost: "Even as root, the service cannot open a port below 1024 by itself, and cannot override file permissions.",
  },
  ambientCapabilities: {
    key: "AmbientCapabilities",
    read: orFalse(choose.words(choose.capability, "")),
    ...both(""),
    reason: "Child processes inherit no capability either.",
  },
  privateTmp: {
    key: "PrivateTmp",
    read: yesNo,
    ...both("yes"),
    dynamicUser: ["yes"],
    reason: "The service has its own /tmp and /var/tmp.",
    cost: "The service does not see the files and sockets of other programs in /tmp, such as the socket of a database.",
  },
  privateDevices: {
    key: "PrivateDevices",
    read: yesNo,
    ...both("yes"),
    reason: "The service sees only harmless devices, such as /dev/null and /dev/urandom.",
    cost: "Serial ports, GPUs and cameras do not work.",
  },
  privateNetwork: {
    key: "PrivateNetwork",
    read: yesNo,
    inbound: "yes",
    reason:
      "The service has no network interface except its own loopback device. All traffic comes through the passed sockets.",
    cost: "The service cannot connect to anything over the network, not even to other services on this machine. Unix sockets work if RestrictAddressFamilies= allows them.",
    leftOut: "The service opens its own connections.",
  },
  privateUsers: {
    key: "PrivateUsers",
    read: yesNo,
    ...both((_, valueOf) => (valueOf("ambientCapabilities").join("") === "" ? ["yes"] : [])),
    reason: "The service has its own user namespace, in which other users do not exist.",
    cost: "Files of users other than root and the service's own user appear to belong to nobody.",
    leftOut: "In a user namespace, the service's capabilities would not apply to the rest of the machine.",
  },
  privateIPC: {
    key: "PrivateIPC",
    read: yesNo,
    ...both("yes"),
    reason: "The service cannot access the System V IPC objects and POSIX message queues of other programs.",
  },
  protectSystem: {
    key: "ProtectSystem",
    read: choose.onOff(["full", "strict"]),
    ...both("strict"),
    dynamicUser: ["strict"],
    reason: "The whole file system is read-only, except for the service's own folders.",
    cost: "The app can write only to its temporary folders, to the folders of stateDirectory and similar fields, and to readWritePaths. Elsewhere, writing fails with EROFS.",
  },
  protectHome: {
    key: "ProtectHome",
    read: choose.onOff(["read-only", "tmpfs"]),
    ...both(({ inHome }) => [inHome ? "read-only" : "yes"]),
    dynamicUser: ["read-only", "yes", "tmpfs"],
    reason:
      "The service cannot see home directories. If the program is in one, the service can read home directories but not write to them.",
    cost: "If Node is in a home directory, as with nvm, exec must name its path, and the service's user must be allowed to read that directory.",
  },
  protectKernelTunables: {
    key: "ProtectKernelTunables",
    read: yesNo,
    ...both("yes"),
    reason: "The service cannot write to /proc/sys and /sys.",
  },
  protectKernelModules: {
    key: "ProtectKernelModules",
    read: yesNo,
    ...both("yes"),
    reason: "The service cannot load kernel modules.",
  },
  protectKernelLogs: {
    key: "ProtectKernelLogs",
    read: yesNo,
    ...both("yes"),
    reason: "The service cannot read the kernel's log.",
  },
  protectControlGroups: {
    key: "ProtectControlGroups",
    read: yesNo,
    ...both("yes"),
    reason: "The service cannot change control groups.",
  },
  protectClock: {
    key: "ProtectClock",
    read: yesNo,
    ...both("yes"),
    reason: "The service cannot set the clock.",
  },
  protectHostname: {
    key: "ProtectHostname",
    read: yesNo,
    ...both("yes"),
    reason: "The service cannot change the host name.",
    cost: "os.hostname() returns the name that the host had when the service started.",
  },
  protectProc: {
    key: "ProtectProc",
    read: orFalse(oneOf(["noaccess", "invisible", "ptraceable", "default"])),
    ...both("invisible"),
    reason: "The service does not see other users' processes in /proc.",
    cost: "A tool that lists processes finds only those of the service's user.",
  },
  procSubset: {
    key: "ProcSubset",
    read: orFalse(oneOf(["all", "pid"])),
    inbound: "pid",
    reason: "/proc shows only processes, and no information about the system.",
    cost: "os.cpus() returns an empty array. os.availableParallelism(), os.totalmem() and os.uptime() work.",
    leftOut:
      "os.cpus() would return an empty array, and monitoring tools would not find /proc/stat and /proc/meminfo.",
  },
  lockPersonality: {
    key: "LockPersonality",
    read: yesNo,
    ...both("yes"),
    reason: "The service cannot change its execution domain, which decides how system calls behave.",
  },
  restrictNamespaces: {
    key: "RestrictNamespaces",
    read: (value, path, problems) =>
      (Array.isArray(value) ? choose.words(choose.namespace) : yesNo)(value, path, problems),
    ...both("yes"),
    reason: "The service cannot create or enter namespaces.",
    cost: "Chromium (Puppeteer, Playwright) cannot create its own sandbox.",
  },
  restrictRealtime: {
    key: "RestrictRealtime",
    read: yesNo,
    ...both("yes"),
    reason: "The service cannot use real-time scheduling, which could starve the machine.",
  },
  restrictSUIDSGID: {
    key: "RestrictSUIDSGID",
    read: yesNo,
    ...both("yes"),
    dynamicUser: ["yes"],
    reason: "The service cannot create setuid or setgid files.",
    cost: "chmod with a setuid or setgid mode fails with EPERM. This can happen when a program unpacks an archive.",
  },
  memoryDenyWriteExecute: {
    key: "MemoryDenyWriteExecute",
    read: yesNo,
    none: ({ jitless }) => (jitless ? ["yes"] : []),
    ...both(({ jitless }) => (jitless ? ["yes"] : [])),
    reason: "Memory that the service writes is never executable, so an attacker cannot run code from there.",
    cost:
      "V8 compiles no code: loops take about four times as long, a server answers half as many requests or fewer, and WebAssembly is missing. " +
      "fetch() needs WebAssembly: it fails, and on Node 20 and 22 the failure ends the process. Type stripping fails too.",
    leftOut:
      "It kills Node at the first function that V8 compiles. jitless: true disables the compiler and writes this directive.",
  },
  removeIPC: {
    key: "RemoveIPC",
    read: yesNo,
    ...both("yes"),
    dynamicUser: ["yes"],
    reason: "When the service stops, systemd removes its System V and POSIX IPC objects.",
    ofSystemAlone:
      "It has no effect in a user's service manager. A user's IPC objects are removed after the user logs out.",
  },
  keyringMode: {
    key: "KeyringMode",
    read: orFalse(oneOf(["inherit", "private", "shared"])),
    ...both("private"),
    reason: "The service has its own kernel keyring and sees no other.",
  },
  umask: {
    key: "UMask",
    read: orFalse(mode),
    ...both("0077"),
    reason: "Only the service's own user can use the files that the service creates.",
    cost: "A proxy or a program of another user cannot read these files, and cannot connect to a unix socket that the service creates.",
  },
  systemCallArchitectures: {
    key: "SystemCallArchitectures",
    read: choose.onOff([], "native"),
    ...both("native"),
    reason: "The service cannot make system calls of another architecture, which filters may miss.",
    cost: "32-bit child processes are killed.",
  },
  systemCallFilter: {
    key: "SystemCallFilter",
    read: orFalse(choose.systemCalls),
    ...both(["@system-service", "~@privileged @resources"]),
    adds: true,
    reason:
      "The service can make the system calls that services usually need, but not those for privileged programs and those that change limits and priorities.",
    cost: "chown fails with EPERM, even if the owner stays the same. os.setPriority() fails with EPERM too.",
  },
  systemCallErrorNumber: {
    key: "SystemCallErrorNumber",
    read: (value, path, problems) =>
      value === false
        ? report(
            "SOCKACT_ERR_UNIT_CONFLICT",
            path,
            problems,
            "can't be false: without it, a forbidden system call kills the program, and Node 20 makes such a call when it starts",
            "leave the field out, or write systemCallFilter: false to turn the filter off",
          )
        : oneOf(["EPERM", "EACCES", "ENOSYS"])(value, path, problems),
    none: errorNumber,
    ...both(errorNumber),
    reason:
      "A forbidden system call fails with EPERM. Without this line it would kill the program, and Node 20 makes such a call when it starts.",
    leftOut: "No system call is filtered.",
  },
  restrictAddressFamilies: {
    key: "RestrictAddressFamilies",
    read: orFalse(choose.words(choose.addressFamily, "none")),
    inbound: ({ sendsBySocket }) => [sendsBySocket ? "AF_UNIX" : "none"],
    outbound: "AF_UNIX AF_INET AF_INET6 AF_NETLINK",
    reason: "The service can open only these kinds of socket. Passed sockets keep working.",
    cost: {
      inbound:
        "fetch(), connections to databases, other servers in the app, and UDP fail with EAFNOSUPPORT. os.networkInterfaces() throws, because it needs AF_NETLINK.",
      outbound: "Raw packets, Bluetooth and vsock fail.",
    },
  },
  ipAddressAllow: {
    key: "IPAddressAllow",
    read: choose.ipAddresses,
    reason:
      "The service may exchange IP packets with these addresses, although IPAddressDeny= forbids others.",
    leftOut: "Only you know which addresses the service needs.",
  },
  ipAddressDeny: {
    key: "IPAddressDeny",
    read: (value, path, problems) =>
      (Array.isArray(value) ? choose.ipAddresses : choose.onOff([], "any"))(value, path, problems),
    inbound: "any",
    reason:
      "The service cannot send or receive IP packets on sockets that it opens itself. Passed sockets are not affected.",
    ofSystemAlone:
      "It has no effect in a user's service manager, because only root may load a packet filter.",
    cost: "With ipAddressAllow, host names are resolved only if you also allow the name server.",
    leftOut:
      "Only you know which addresses the service needs. To allow only those, write ipAddressDeny: true and ipAddressAllow: ['10.0.0.0/8'].",
  },
};

function errorNumber(_: ServiceFacts, valueOf: ValueOf): string[] {
  return valueOf("systemCallFilter").length > 0 ? ["EPERM"] : [];
}

/** Directives that no profile has and no field of `hardening` writes, and why. */
export const neverWritten: readonly { key: string; value?: string; reason: string }[] = [
  {
    key: "RootDirectory",
    reason:
      "Node needs the system's libraries, certificates, time zones and programs. You would have to keep a separate root folder as up to date as the system.",
  },
  { key: "RootImage", reason: "The reason is the same as for RootDirectory=." },
  {
    key: "TemporaryFileSystem",
    reason:
      "With BindReadOnlyPaths=, only a list of folders is readable. That list differs from machine to machine. ProtectSystem= already makes the whole file system read-only.",
  },
  { key: "BindReadOnlyPaths", reason: "The reason is the same as for TemporaryFileSystem=." },
  {
    key: "InaccessiblePaths",
    reason:
      "The folders to hide differ from machine to machine. ProtectHome=, ProtectProc= and PrivateDevices= hide those that exist on every machine.",
  },
  {
    key: "NoExecPaths",
    reason:
      "Node is an interpreter and runs any file that it can read. Add-ons and child processes are in the app's folder.",
  },
  { key: "ExecPaths", reason: "The reason is the same as for NoExecPaths=." },
  {
    key: "DeviceAllow",
    reason:
      "PrivateDevices= allows only harmless devices. systemd-analyze still counts the clock, which ProtectClock= adds to the list, but its device file does not exist in the service.",
  },
  {
    key: "PrivatePIDs",
    reason:
      "systemd 257 then sets LISTEN_PID to a process ID that the program does not have in its namespace, so the program finds no socket. As process 1, Node also ignores SIGTERM.",
  },
  {
    key: "NotifyAccess",
    value: "all",
    reason:
      "Any child process could send notifications for the service. With OpenFile=, the main process sends them without opening a socket.",
  },
  {
    key: "PrivateTmp",
    value: "disconnected",
    reason: "It needs systemd 257, and PrivateTmp=yes makes /tmp just as private.",
  },
  {
    key: "PrivateUsers",
    value: "identity",
    reason: "It needs systemd 257, and isolates less than PrivateUsers=yes.",
  },
  {
    key: "ProtectControlGroups",
    value: "strict",
    reason: "It needs systemd 257, and only hides the names of other control groups.",
  },
  {
    key: "ProtectHostname",
    value: "private",
    reason: "It needs systemd 258, and ProtectHostname=yes already prevents changes of the name.",
  },
  {
    key: "PrivateBPF",
    reason: "It needs systemd 258, and SystemCallFilter= already forbids bpf(2).",
  },
  {
    key: "PrivateMounts",
    reason: "Other directives here imply it: with them, the service has its own mount namespace.",
  },
  {
    key: "SocketBindDeny",
    reason:
      "An outbound service may need another port, for metrics or UDP. An inbound service can open no socket to bind, because of RestrictAddressFamilies=.",
  },
  {
    key: "RestrictNetworkInterfaces",
    reason: "The names of network interfaces differ from machine to machine.",
  },
  { key: "RestrictFileSystems", reason: "It needs a kernel with BPF LSM. Other kernels ignore it." },
  {
    key: "SupplementaryGroups",
    reason: "The service gets no additional groups. Each one would allow access to files of other programs.",
  },
  { key: "Delegate", reason: "The service creates no control groups." },
  { key: "SecureBits", reason: "They apply to capabilities, and the service has none." },
  { key: "AppArmorProfile", reason: "It is a policy of the machine, like SELinux and SMACK policies." },
  {
    key: "MemoryMax",
    reason:
      "Only you know how much memory your app needs. The same applies to TasksMax=, CPUQuota= and LimitNOFILE=.",
  },
];
