/** The score that `systemd-analyze security` gives a service: 0 is best, and 10 is worst. */
export interface Score {
  readonly value: number;
  readonly word: string;
}

/** The sum of the weights of all checks, as systemd 257 prints them with SYSTEMD_ANALYZE_DEBUG=1. */
const total = 56_460;

/** The weights of directives that only have to be set. */
const switches = {
  NoNewPrivileges: 1000,
  PrivateDevices: 1000,
  PrivateNetwork: 2500,
  PrivateTmp: 1000,
  PrivateUsers: 1000,
  ProtectClock: 1000,
  ProtectControlGroups: 1000,
  ProtectHostname: 50,
  ProtectKernelLogs: 1000,
  ProtectKernelModules: 1000,
  ProtectKernelTunables: 1000,
  ProtectProc: 1000,
  ProtectSystem: 1000,
  ProcSubset: 10,
  LockPersonality: 100,
  MemoryDenyWriteExecute: 100,
  RemoveIPC: 100,
  RestrictNamespaces: 4100,
  RestrictRealtime: 500,
  RestrictSUIDSGID: 1000,
  SystemCallArchitectures: 1000,
  SystemCallFilter: 8900,
};

/** The directives that `DynamicUser=` implies: see systemd.exec(5). */
const implied = ["NoNewPrivileges", "PrivateTmp", "ProtectSystem", "RemoveIPC", "RestrictSUIDSGID"];

/**
 * The weights of `RestrictAddressFamilies=`. The list contains only the families that a service of
 * @sockact/units may use.
 */
const families = { AF_INET: 1500, AF_UNIX: 25, AF_NETLINK: 200 };
const allFamilies = 3975;

const homes: Readonly<Record<string, number>> = { yes: 0, "read-only": 500 };

const words = [
  [90, "UNSAFE"],
  [75, "EXPOSED"],
  [50, "MEDIUM"],
  [10, "OK"],
  [1, "SAFE"],
] as const;

/** The score of a service that @sockact/units has written. */
export function scoreOf(service: string): Score {
  const lines = new Map(
    [...service.matchAll(/^(\w+)=(.*)$/gm)].map(([, key = "", value = ""]) => [key, value]),
  );
  const isDynamic = lines.has("DynamicUser");
  const lacks = Object.entries(switches).filter(
    ([key]) => !lines.has(key) && !(isDynamic && implied.includes(key)),
  );
  const capabilities = lines.get("CapabilityBoundingSet");
  const sockets = lines.get("RestrictAddressFamilies")?.split(" ");
  const exposed = [
    ...lacks.map(([, weight]) => weight),
    // @sockact/units never writes PrivateMounts=, but each directive of a sandbox implies it.
    isDynamic || lines.has("ProtectSystem") ? 0 : 1000,
    // @sockact/units never writes RootDirectory=.
    200,
    homes[lines.get("ProtectHome") ?? (isDynamic ? "read-only" : "")] ?? 1000,
    lines.has("UMask") ? 0 : 50,
    // ProtectClock= adds the clock to the allowed devices.
    lines.has("PrivateDevices") ? (lines.has("ProtectClock") ? 500 : 0) : 1000,
    capabilities === undefined ? 14_025 : capabilities === "" ? 0 : 500,
    (lines.get("AmbientCapabilities") ?? "") === "" ? 0 : 500,
    lines.get("NotifyAccess") === "all" ? 1000 : 0,
    lines.has("IPAddressDeny") ? (lines.has("IPAddressAllow") ? 200 : 0) : 1000,
    ...(sockets === undefined
      ? [allFamilies]
      : Object.entries(families).map(([family, weight]) => (sockets.includes(family) ? weight : 0))),
  ];
  const tenths = Math.ceil((exposed.reduce((sum, one) => sum + one, 0) * 100) / total);
  return { value: tenths / 10, word: words.find(([least]) => tenths >= least)?.[1] ?? "PERFECT" };
}
