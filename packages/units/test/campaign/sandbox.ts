import { systemdVersion } from "@sockact/testkit";
import fc from "fast-check";
import type { AppDescription, HardeningOptions } from "../../src/index.ts";
import { apart, property, type Field, type Fields } from "./field.ts";
import type { Shown } from "./shown.ts";
import * as values from "./values.ts";

const flag = (name: string) => property(name, values.flag);

/** Values, each with what is shown. */
function choice<const Pairs extends readonly (readonly [unknown, string])[]>(
  name: string,
  ...pairs: Pairs
): Field<Pairs[number][0]> {
  return property(
    name,
    fc.constantFrom(...pairs).map(([value, shown]) => ({ value, shown })),
  );
}

/** Numbers of capabilities(7). */
const capabilities: Record<string, bigint> = {
  CAP_CHOWN: 0n,
  CAP_NET_BIND_SERVICE: 10n,
  CAP_NET_ADMIN: 12n,
  CAP_SYS_MODULE: 16n,
  CAP_SYS_TIME: 25n,
  CAP_MKNOD: 27n,
  CAP_SYSLOG: 34n,
};

/** What systemd takes from the bounding set by itself. */
const takenBy = {
  privateDevices: (1n << 27n) | (1n << 17n),
  protectKernelModules: 1n << 16n,
  protectKernelLogs: 1n << 34n,
  protectClock: (1n << 25n) | (1n << 35n),
} as const;

const namespaces = {
  mnt: 0x20000,
  cgroup: 0x2000000,
  uts: 0x4000000,
  ipc: 0x8000000,
  user: 0x10000000,
  pid: 0x20000000,
  net: 0x40000000,
} as const;

const errorNumbers = { EPERM: 1, EACCES: 13, ENOSYS: 38 } as const;

/** Calls that a name lets through, or forbids. */
const calls: Record<string, string> = {
  "@resources": "setpriority",
  "@swap": "swapon",
  reboot: "reboot",
  fork: "fork",
};

const names = (some: readonly string[]) => fc.subarray([...some], { minLength: 0 });
const orFalse = <Value>(arbitrary: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 4, arbitrary }, { weight: 1, arbitrary: fc.constant(false as const) });

/** IP addresses, and the networks that they are. */
const networks: Record<string, unknown[]> = {
  localhost: [
    [2, [127, 0, 0, 0], 8],
    [10, [...Array<number>(15).fill(0), 1], 128],
  ],
  "link-local": [
    [2, [169, 254, 0, 0], 16],
    [10, [0xfe, 0x80, ...Array<number>(14).fill(0)], 64],
  ],
  multicast: [
    [2, [224, 0, 0, 0], 4],
    [10, [0xff, ...Array<number>(15).fill(0)], 8],
  ],
  "10.0.0.0/8": [[2, [10, 0, 0, 0], 8]],
  "192.0.2.7": [[2, [192, 0, 2, 7], 32]],
  "2001:db8::/32": [[10, [0x20, 0x01, 0x0d, 0xb8, ...Array<number>(12).fill(0)], 32]],
};
const addresses = fc.subarray(Object.keys(networks), { minLength: 1 });

const networksOf = (list: readonly string[]) => list.flatMap((name) => networks[name]!);

/** The directives of the sandbox; what those that are `apart` come to is in `sandboxShown`. */
export const hardeningFields: Fields<HardeningOptions> = {
  profile: apart(fc.constantFrom("none", "outbound", "inbound")),
  noNewPrivileges: flag("NoNewPrivileges"),
  capabilityBoundingSet: apart(orFalse(names(Object.keys(capabilities)))),
  ambientCapabilities: apart(orFalse(names(Object.keys(capabilities)))),
  privateTmp: flag("PrivateTmp"),
  privateDevices: flag("PrivateDevices"),
  privateNetwork: flag("PrivateNetwork"),
  privateUsers: flag("PrivateUsers"),
  privateIPC: flag("PrivateIPC"),
  protectSystem: choice(
    "ProtectSystem",
    [true, "yes"],
    [false, "no"],
    ["full", "full"],
    ["strict", "strict"],
  ),
  protectHome: choice(
    "ProtectHome",
    [true, "yes"],
    [false, "no"],
    ["read-only", "read-only"],
    ["tmpfs", "tmpfs"],
  ),
  protectKernelTunables: flag("ProtectKernelTunables"),
  protectKernelModules: flag("ProtectKernelModules"),
  protectKernelLogs: flag("ProtectKernelLogs"),
  protectControlGroups: flag("ProtectControlGroups"),
  protectClock: flag("ProtectClock"),
  protectHostname: flag("ProtectHostname"),
  protectProc: choice(
    "ProtectProc",
    [false, "default"],
    ["noaccess", "noaccess"],
    ["ptraceable", "ptraceable"],
    ["default", "default"],
  ),
  procSubset: choice("ProcSubset", [false, "all"], ["all", "all"], ["pid", "pid"]),
  lockPersonality: flag("LockPersonality"),
  restrictNamespaces: property(
    "RestrictNamespaces",
    fc.oneof<fc.Arbitrary<values.Said<boolean | (keyof typeof namespaces)[]>>[]>(
      fc.constantFrom({ value: true, shown: 0 }, { value: false, shown: values.infinity.shown }),
      fc
        .subarray(Object.keys(namespaces) as (keyof typeof namespaces)[], { minLength: 1, maxLength: 6 })
        .map((value) => ({
          value,
          shown: value.reduce((sum, name) => sum + namespaces[name], 0),
        })),
    ),
  ),
  restrictRealtime: flag("RestrictRealtime"),
  restrictSUIDSGID: flag("RestrictSUIDSGID"),
  memoryDenyWriteExecute: flag("MemoryDenyWriteExecute"),
  removeIPC: flag("RemoveIPC"),
  keyringMode: choice(
    "KeyringMode",
    [false, "private"],
    ["inherit", "inherit"],
    ["private", "private"],
    ["shared", "shared"],
  ),
  umask: property(
    "UMask",
    fc.oneof<fc.Arbitrary<values.Said<string | false>>[]>(
      fc.nat(0o777).map((bits) => ({ value: bits.toString(8).padStart(4, "0"), shown: bits })),
      fc.constant({ value: false, shown: 0o022 }),
    ),
  ),
  systemCallArchitectures: property(
    "SystemCallArchitectures",
    fc.constantFrom({ value: true, shown: ["native"] }, { value: false, shown: [] }),
  ),
  systemCallFilter: apart(
    orFalse(
      fc.subarray(
        Object.keys(calls).flatMap((name) => [name, `~${name}`]),
        { minLength: 1, maxLength: 3 },
      ),
    ),
  ),
  systemCallErrorNumber: property(
    "SystemCallErrorNumber",
    fc.constantFrom("EPERM", "EACCES", "ENOSYS").map((value) => ({ value, shown: errorNumbers[value] })),
  ),
  restrictAddressFamilies: property(
    "RestrictAddressFamilies",
    orFalse(names(["AF_UNIX", "AF_INET", "AF_INET6", "AF_PACKET", "AF_VSOCK"])).map((value) => ({
      value,
      shown: value === false ? [false, []] : families(...value),
    })),
  ),
  ipAddressAllow: property(
    "IPAddressAllow",
    addresses.map((value) => ({ value, shown: networksOf(value) })),
    [],
  ),
  ipAddressDeny: property(
    "IPAddressDeny",
    fc.oneof<fc.Arbitrary<values.Said<boolean | string[]>>[]>(
      addresses.map((value) => ({ value, shown: networksOf(value) })),
      fc.boolean().map((value) => ({ value, shown: value ? everyIp : [] })),
    ),
  ),
};

/** What can be made alone, in the order of systemd. */
function families(...some: string[]): [boolean, string[]] {
  return [true, some.toSorted()];
}

const everyIp: unknown[] = [
  [2, [0, 0, 0, 0], 0],
  [10, Array<number>(16).fill(0), 0],
];

/** What both profiles have. */
const common: Shown = {
  NoNewPrivileges: true,
  PrivateTmp: true,
  PrivateDevices: true,
  PrivateIPC: true,
  ProtectSystem: "strict",
  ProtectKernelTunables: true,
  ProtectKernelModules: true,
  ProtectKernelLogs: true,
  ProtectControlGroups: true,
  ProtectClock: true,
  ProtectHostname: true,
  ProtectProc: "invisible",
  LockPersonality: true,
  RestrictNamespaces: 0,
  RestrictRealtime: true,
  RestrictSUIDSGID: true,
  RemoveIPC: true,
  KeyringMode: "private",
  UMask: 0o077,
  SystemCallArchitectures: ["native"],
};

/**
 * What none has, where the user is not one that exists only while the service runs: that brings some by
 * itself.
 */
const open: Shown = {
  NoNewPrivileges: false,
  PrivateTmp: false,
  ProtectSystem: "no",
  ProtectHome: "no",
  RestrictSUIDSGID: false,
  RemoveIPC: false,
};

/** What systemd shows of a profile. */
function profileShown(description: AppDescription, profile: string, inHome: boolean, sends: boolean): Shown {
  if (profile === "none") {
    return {
      PrivateNetwork: false,
      PrivateDevices: false,
      UMask: 0o022,
      SystemCallArchitectures: [],
      IPAddressDeny: [],
      ...(description.user === undefined ? {} : open),
    };
  }
  const inbound = profile === "inbound";
  return {
    ...common,
    ProtectHome: inHome ? "read-only" : "yes",
    PrivateNetwork: inbound,
    ProcSubset: inbound ? "pid" : "all",
    IPAddressDeny: inbound ? everyIp : [],
    RestrictAddressFamilies: !inbound
      ? families("AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK")
      : sends
        ? families("AF_UNIX")
        : families(),
  };
}

/** Whether each call that was named last, or by the profile, goes through. */
function filterShown(asked: readonly string[], hasProfile: boolean): (shown: unknown) => boolean {
  return (shown) => {
    const [allows, entries] = shown as [boolean, string[]];
    const passes = (call: string) => entries.includes(call) === allows;
    // What is forbidden is written after what is allowed.
    const named = Object.entries(calls).flatMap(([name, call]): [string, boolean][] =>
      asked.includes(`~${name}`) ? [[call, false]] : asked.includes(name) ? [[call, true]] : [],
    );
    const always: [string, boolean][] = hasProfile
      ? [
          ["accept4", true],
          ["settimeofday", false],
        ]
      : [];
    return [...always, ...named].every(([call, goes]) => passes(call) === goes);
  };
}

/** Properties that do not come from a single directive. */
function combined(description: AppDescription, options: HardeningOptions, profile: string): Shown {
  const hasProfile = profile !== "none";
  const { ambientCapabilities: ambient, capabilityBoundingSet: bounding = ambient || undefined } = options;
  const bits = (list: readonly string[]) => list.reduce((sum, name) => sum | (1n << capabilities[name]!), 0n);
  // Later versions leave out the last bit, which does not stand for a capability.
  const whole = 2n ** (systemdVersion()! >= 258 ? 63n : 64n) - 1n;
  const asked =
    bounding === false
      ? whole
      : bounding !== undefined && (hasProfile || options.capabilityBoundingSet !== undefined)
        ? bits(bounding)
        : hasProfile
          ? 0n
          : whole;
  const taken = Object.entries(takenBy).reduce(
    (sum, [field, of]) => ((options[field as keyof typeof takenBy] ?? hasProfile) ? sum | of : sum),
    0n,
  );
  const filtered =
    options.systemCallFilter !== false && (hasProfile || options.systemCallFilter !== undefined);
  return {
    CapabilityBoundingSet: Number(asked & ~taken),
    AmbientCapabilities: Number(bits(ambient || [])),
    PrivateUsers: options.privateUsers ?? (hasProfile && !(ambient || []).length),
    MemoryDenyWriteExecute: options.memoryDenyWriteExecute ?? description.jitless ?? false,
    SystemCallFilter: filtered ? filterShown(options.systemCallFilter || [], hasProfile) : [false, []],
    SystemCallErrorNumber:
      options.systemCallErrorNumber !== undefined
        ? errorNumbers[options.systemCallErrorNumber]
        : filtered
          ? errorNumbers.EPERM
          : 2_147_483_646,
  };
}

/** The Type= of a service. Only an app for one connection has none. */
export function typeOf({
  type,
  rolling,
  handover,
  sockets,
  exec = [],
  preload = false,
  systemd,
  environment = {},
  execReload,
  reloadSignal,
}: AppDescription): string {
  if (type !== undefined) return type;
  if (rolling === true || handover === true) return "notify";
  if (sockets.some(({ accept }) => accept === true)) return "simple";
  const mayReload = execReload === undefined && environment["SOCKACT_NOTIFY"] === undefined;
  const listens =
    sockets.some(({ listen }) => listen !== undefined) && [undefined, "SIGHUP"].includes(reloadSignal);
  const isPreloaded = listens && preload !== false && exec[0] === "/srv/bin/node" && systemd !== undefined;
  return isPreloaded && mayReload ? "notify-reload" : "exec";
}

/** What systemd shows of a service's sandbox: `single` is that of the directives that the description has. */
export function sandboxShown(description: AppDescription, inHome: boolean, single: Shown): Shown {
  const { hardening = {}, exec = [], openFile = exec[0] === "/srv/bin/node", notifyAccess } = description;
  const options: HardeningOptions = typeof hardening === "string" ? { profile: hardening } : hardening;
  const { profile = "outbound" } = options;
  const sends = typeOf(description).startsWith("notify") && (!openFile || notifyAccess === "all");
  return {
    ...profileShown(description, profile, inHome, sends),
    ...single,
    ...combined(description, options, profile),
  };
}
