import type { Directive } from "../fields/fields.ts";
import { oneOf, orFalse, refuse } from "../values/readers.ts";
import * as choose from "./choices.ts";
import type { HardeningProfile, SandboxField } from "../../description/hardening.ts";
import { mode } from "../values/numbers.ts";

/** What the sandbox must know of the service. */
export interface ServiceFacts {
  manager: "system" | "user";
  /** The version of systemd, if one is named. */
  systemd: number | undefined;
  /** Whether its user exists only while it runs. */
  dynamicUser: boolean;
  /** Whether it lies in a home, and so must be able to read there. */
  inHome: boolean;
  /** Whether it makes sockets of its own to tell the service manager things. */
  sendsBySocket: boolean;
  /** Whether it is Node or another program that compiles while it runs. */
  justInTime: boolean;
  /** Whether Node is told not to. */
  jitless: boolean;
}

/** The value of another directive in the same sandbox: its lines, none if it is left out. */
export type ValueOf = (field: SandboxField) => readonly string[];

/** What a profile writes: one line, or as many as the array has. */
type Value = string | readonly string[] | ((facts: ServiceFacts, valueOf: ValueOf) => readonly string[]);

/** One directive of the sandbox: by profile what is written, and why. A profile that has no value leaves it out. */
export interface SandboxDirective extends Directive, Partial<Record<HardeningProfile, Value>> {
  /** Why it is written. */
  reason: string;
  /** What a program, Node above all, can no longer do; by profile, if they differ. */
  cost?: string | Partial<Record<HardeningProfile, string>>;
  /** Why a profile goes without. */
  leftOut?: string;
  /** Why it does nothing under a user's own service manager. */
  ofSystemAlone?: string;
  /** Whether what is asked for is added to what the profile has. */
  adds?: true;
  /** The values that DynamicUser= allows; it implies the first. */
  dynamicUser?: readonly string[];
}

const yesNo = choose.onOff();

/** The profiles that are a sandbox. */
export const profiles = ["inbound", "outbound"] as const;

function both(value: Value): { inbound: Value; outbound: Value } {
  return { inbound: value, outbound: value };
}

/** In the order of the unit file. The profiles were run with Node 20 to 26: test/whole-app.test.ts. */
export const sandboxDirectives: Record<SandboxField, SandboxDirective> = {
  noNewPrivileges: {
    key: "NoNewPrivileges",
    read: yesNo,
    ...both("yes"),
    dynamicUser: ["yes"],
    reason: "No setuid program can raise its privileges.",
    cost: "sudo, as a child process, fails.",
  },
  capabilityBoundingSet: {
    key: "CapabilityBoundingSet",
    read: orFalse(choose.words(choose.capability, "")),
    ...both((_, valueOf) => [valueOf("ambientCapabilities")[0] ?? ""]),
    reason: "It needs no capability: systemd has bound the port already.",
    cost: "As root, too, it can neither bind a low port by itself nor override access modes.",
  },
  ambientCapabilities: {
    key: "AmbientCapabilities",
    read: orFalse(choose.words(choose.capability, "")),
    ...both(""),
    reason: "Nor do its children inherit one.",
  },
  privateTmp: {
    key: "PrivateTmp",
    read: yesNo,
    ...both("yes"),
    dynamicUser: ["yes"],
    reason: "Its /tmp and /var/tmp are its own.",
    cost: "Files and sockets that others have in /tmp, such as a database's socket, cannot be seen.",
  },
  privateDevices: {
    key: "PrivateDevices",
    read: yesNo,
    ...both("yes"),
    reason: "No device but /dev/null, /dev/urandom and the like.",
    cost: "Serial ports, GPUs and cameras cannot be used.",
  },
  privateNetwork: {
    key: "PrivateNetwork",
    read: yesNo,
    inbound: "yes",
    reason: "No network interface: what arrives comes by the passed sockets alone.",
    cost: "It can connect to nothing, this machine's own services neither, but through unix sockets where those are allowed.",
    leftOut: "The service opens connections of its own.",
  },
  privateUsers: {
    key: "PrivateUsers",
    read: yesNo,
    ...both((_, valueOf) => (valueOf("ambientCapabilities").join("") === "" ? ["yes"] : [])),
    reason: "Other users' ids mean nothing inside.",
    cost: "Files of others than root and itself seem to be nobody's.",
    leftOut: "Inside, its capabilities would mean nothing to the rest of the machine.",
  },
  privateIPC: {
    key: "PrivateIPC",
    read: yesNo,
    ...both("yes"),
    reason: "No System V object and no POSIX message queue of others.",
  },
  protectSystem: {
    key: "ProtectSystem",
    read: choose.onOff(["full", "strict"]),
    ...both("strict"),
    dynamicUser: ["strict"],
    reason: "The whole file system is read-only, but for its own folders.",
    cost: "Writing fails with EROFS outside of the temporary folders, stateDirectory and its kin, and readWritePaths.",
  },
  protectHome: {
    key: "ProtectHome",
    read: choose.onOff(["read-only", "tmpfs"]),
    ...both(({ inHome }) => [inHome ? "read-only" : "yes"]),
    dynamicUser: ["read-only", "yes", "tmpfs"],
    reason: "Homes cannot be seen or, where the program lies in one, not be written.",
    cost: "A Node of nvm in a home is found only if exec names it there, and if the service's user may read that home.",
  },
  protectKernelTunables: {
    key: "ProtectKernelTunables",
    read: yesNo,
    ...both("yes"),
    reason: "/proc/sys and /sys cannot be written.",
  },
  protectKernelModules: {
    key: "ProtectKernelModules",
    read: yesNo,
    ...both("yes"),
    reason: "No kernel module can be loaded.",
  },
  protectKernelLogs: {
    key: "ProtectKernelLogs",
    read: yesNo,
    ...both("yes"),
    reason: "The kernel's log cannot be read.",
  },
  protectControlGroups: {
    key: "ProtectControlGroups",
    read: yesNo,
    ...both("yes"),
    reason: "Control groups cannot be written.",
  },
  protectClock: {
    key: "ProtectClock",
    read: yesNo,
    ...both("yes"),
    reason: "The clock cannot be set.",
  },
  protectHostname: {
    key: "ProtectHostname",
    read: yesNo,
    ...both("yes"),
    reason: "The host's name cannot be set.",
    cost: "os.hostname() keeps the name that the host had at the start.",
  },
  protectProc: {
    key: "ProtectProc",
    read: orFalse(oneOf(["noaccess", "invisible", "ptraceable", "default"])),
    ...both("invisible"),
    reason: "Other users' processes cannot be seen in /proc.",
    cost: "What lists the machine's processes finds its own alone.",
  },
  procSubset: {
    key: "ProcSubset",
    read: orFalse(oneOf(["all", "pid"])),
    inbound: "pid",
    reason: "/proc shows processes and nothing of the system.",
    cost: "os.cpus() is empty; os.availableParallelism(), os.totalmem() and os.uptime() work.",
    leftOut:
      "os.cpus() would be empty, and what measures the machine would find no /proc/stat or /proc/meminfo.",
  },
  lockPersonality: {
    key: "LockPersonality",
    read: yesNo,
    ...both("yes"),
    reason: "The execution domain, which changes what system calls do, stays as it is.",
  },
  restrictNamespaces: {
    key: "RestrictNamespaces",
    read: (value, path, problems) =>
      (Array.isArray(value) ? choose.words(choose.namespace) : yesNo)(value, path, problems),
    ...both("yes"),
    reason: "No namespace can be made or entered.",
    cost: "Chromium (Puppeteer, Playwright) cannot make its own sandbox.",
  },
  restrictRealtime: {
    key: "RestrictRealtime",
    read: yesNo,
    ...both("yes"),
    reason: "No realtime scheduling, which could starve the machine.",
  },
  restrictSUIDSGID: {
    key: "RestrictSUIDSGID",
    read: yesNo,
    ...both("yes"),
    dynamicUser: ["yes"],
    reason: "No setuid or setgid file can be made.",
    cost: "chmod with such a mode fails with EPERM, as in unpacking some archives.",
  },
  memoryDenyWriteExecute: {
    key: "MemoryDenyWriteExecute",
    read: yesNo,
    none: ({ jitless }) => (jitless ? ["yes"] : []),
    ...both(({ jitless }) => (jitless ? ["yes"] : [])),
    reason: "What is written to memory never runs: an attacker's code neither.",
    cost:
      "V8 compiles nothing: loops run some four times slower, a server answers half as many requests or fewer, and there is no WebAssembly. " +
      "fetch() is built on it: it fails, and on Node 20 and 22 ends the process. Type stripping fails too.",
    leftOut:
      "It kills V8 at the first function that it compiles. jitless: true makes Node run without, and writes it.",
  },
  removeIPC: {
    key: "RemoveIPC",
    read: yesNo,
    ...both("yes"),
    dynamicUser: ["yes"],
    reason: "What it leaves of System V and POSIX IPC goes when it stops.",
    ofSystemAlone: "Under a user's manager it does nothing: what a user leaves goes when the user does.",
  },
  keyringMode: {
    key: "KeyringMode",
    read: orFalse(oneOf(["inherit", "private", "shared"])),
    ...both("private"),
    reason: "It sees no kernel keyring but its own.",
  },
  umask: {
    key: "UMask",
    read: orFalse(mode),
    ...both("0077"),
    reason: "The files it makes are for itself alone.",
    cost: "A proxy or a program of another user can read no file of it and connect to no unix socket that it makes.",
  },
  systemCallArchitectures: {
    key: "SystemCallArchitectures",
    read: choose.onOff([], "native"),
    ...both("native"),
    reason: "No system calls of a foreign architecture, which filters may miss.",
    cost: "Programs for 32 bits, as child processes, die.",
  },
  systemCallFilter: {
    key: "SystemCallFilter",
    read: orFalse(choose.systemCalls),
    ...both(["@system-service", "~@privileged @resources"]),
    adds: true,
    reason:
      "The system calls that services make, without those for privileged programs or for changing limits and priorities.",
    cost: "chown, even to itself, and os.setPriority() fail with EPERM.",
  },
  systemCallErrorNumber: {
    key: "SystemCallErrorNumber",
    read: (value, path, problems) =>
      value === false
        ? refuse(
            "ERR_UNIT_CONFLICT",
            path,
            problems,
            "without it a filtered system call kills the program, and Node 20 makes one when it starts",
            "leave it out; systemCallFilter: false turns the filter off",
          )
        : oneOf(["EPERM", "EACCES", "ENOSYS"])(value, path, problems),
    none: errorNumber,
    ...both(errorNumber),
    reason:
      "A filtered call fails with EPERM: without this it would kill the program, and Node 20 makes one when it starts.",
    leftOut: "No system call is filtered.",
  },
  restrictAddressFamilies: {
    key: "RestrictAddressFamilies",
    read: orFalse(choose.words(choose.addressFamily, "none")),
    inbound: ({ sendsBySocket }) => [sendsBySocket ? "AF_UNIX" : "none"],
    outbound: "AF_UNIX AF_INET AF_INET6 AF_NETLINK",
    reason: "The kinds of socket it can make itself; those passed in stay usable.",
    cost: {
      inbound:
        "fetch(), databases, further servers and UDP fail with EAFNOSUPPORT, and os.networkInterfaces(), which AF_NETLINK is for, throws.",
      outbound: "Raw packets, Bluetooth and vsock fail.",
    },
  },
  ipAddressAllow: {
    key: "IPAddressAllow",
    read: choose.ipAddresses,
    reason: "Those with whom it exchanges IP packets although they are denied to it.",
    leftOut: "Whom the service talks to is known to the description alone.",
  },
  ipAddressDeny: {
    key: "IPAddressDeny",
    read: (value, path, problems) =>
      (Array.isArray(value) ? choose.ipAddresses : choose.onOff([], "any"))(value, path, problems),
    inbound: "any",
    reason: "No IP packet to or from sockets of its own; those passed in are not touched.",
    ofSystemAlone: "Under a user's manager it does nothing: only root may load a packet filter.",
    cost: "Together with ipAddressAllow, names are looked up only if the name server is allowed too.",
    leftOut:
      "Whom the service talks to is known to the description alone: ipAddressDeny: true with ipAddressAllow: ['10.0.0.0/8'] confines it.",
  },
};

function errorNumber(_: ServiceFacts, valueOf: ValueOf): string[] {
  return valueOf("systemCallFilter").length > 0 ? ["EPERM"] : [];
}

/** What no profile has and no field of `hardening` writes, and why. */
export const neverWritten: readonly { key: string; value?: string; reason: string }[] = [
  {
    key: "RootDirectory",
    reason:
      "Node needs the system's libraries, certificates, time zones and programs: a root of its own would have to be kept as up to date as the system.",
  },
  { key: "RootImage", reason: "As RootDirectory=." },
  {
    key: "TemporaryFileSystem",
    reason:
      "With BindReadOnlyPaths= it makes an allow-list of what can be read, which is another on each machine; ProtectSystem= leaves all of it read-only.",
  },
  { key: "BindReadOnlyPaths", reason: "As TemporaryFileSystem=." },
  {
    key: "InaccessiblePaths",
    reason:
      "What there is to hide is another on each machine; what every machine has, ProtectHome=, ProtectProc= and PrivateDevices= hide.",
  },
  {
    key: "NoExecPaths",
    reason:
      "Node is an interpreter that runs whatever it can read, and add-ons and child processes lie in the app's own folder.",
  },
  { key: "ExecPaths", reason: "As NoExecPaths=." },
  {
    key: "DeviceAllow",
    reason:
      "PrivateDevices= leaves the harmless ones alone. The clock's, which systemd-analyze counts, is ProtectClock='s, and has no file there.",
  },
  {
    key: "PrivatePIDs",
    reason:
      "systemd 257 then passes a LISTEN_PID that is not the program's own, so it finds no socket; and Node as process 1 ignores SIGTERM.",
  },
  {
    key: "NotifyAccess",
    value: "all",
    reason: "Any child could speak for the service. OpenFile= lets the main process notify without a socket.",
  },
  {
    key: "PrivateTmp",
    value: "disconnected",
    reason: "systemd 257 is needed, and /tmp is no less private without.",
  },
  { key: "PrivateUsers", value: "identity", reason: "systemd 257 is needed, and it separates less." },
  {
    key: "ProtectControlGroups",
    value: "strict",
    reason: "systemd 257 is needed, and it hides no more than which other control groups there are.",
  },
  {
    key: "ProtectHostname",
    value: "private",
    reason: "systemd 258 is needed, and the name cannot be set anyhow.",
  },
  {
    key: "PrivateBPF",
    reason: "systemd 258 is needed, and bpf(2) is not among the system calls that are let through.",
  },
  { key: "PrivateMounts", reason: "It is implied: what is private or protected here has mounts of its own." },
  {
    key: "SocketBindDeny",
    reason:
      "Outbound, a port of its own for metrics, or UDP, may be meant; inbound, RestrictAddressFamilies= leaves nothing to bind.",
  },
  { key: "RestrictNetworkInterfaces", reason: "The names of interfaces are another on each machine." },
  { key: "RestrictFileSystems", reason: "It needs a kernel with BPF LSM, and is ignored without." },
  { key: "SupplementaryGroups", reason: "None is given; each would open what others have." },
  { key: "Delegate", reason: "It makes no control groups." },
  { key: "SecureBits", reason: "They say what becomes of capabilities, of which there are none." },
  { key: "AppArmorProfile", reason: "A policy of the machine, as those of SELinux and SMACK are." },
  {
    key: "MemoryMax",
    reason: "How much is enough is known to the app alone; so with TasksMax=, CPUQuota= and LimitNOFILE=.",
  },
];
