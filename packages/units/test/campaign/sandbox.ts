import type { AppDescription } from "../../src/index.ts";
import type { Shown } from "./shown.ts";

/** A list of a seccomp filter that allows: whether it is on, and what is in it. */
function filter(test: (entries: string[]) => boolean) {
  return (shown: unknown): boolean => {
    const [allows, entries] = shown as [boolean, string[]];
    return allows && test(entries);
  };
}

function families(...names: string[]) {
  return filter((entries) => entries.toSorted().join() === names.toSorted().join());
}

const everyIp = [
  [2, [0, 0, 0, 0], 0],
  [10, Array<number>(16).fill(0), 0],
];

/** What both kinds have. */
const common: Shown = {
  NoNewPrivileges: true,
  CapabilityBoundingSet: 0,
  AmbientCapabilities: 0,
  PrivateTmp: true,
  PrivateDevices: true,
  PrivateUsers: true,
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
  SystemCallFilter: filter((calls) => calls.includes("accept4") && !calls.includes("reboot")),
  SystemCallErrorNumber: 1,
};

/** What none has, where the user is not one that exists only while the service runs: that brings some by itself. */
const open: Shown = {
  NoNewPrivileges: false,
  PrivateTmp: false,
  ProtectSystem: "no",
  ProtectHome: "no",
  RestrictSUIDSGID: false,
  RemoveIPC: false,
};

/** What systemd shows of a service's sandbox. */
export function sandboxShown(description: AppDescription): Shown {
  const {
    name,
    hardening = "outbound",
    workingDirectory = "",
    user,
    environment,
    openFile,
    notifyAccess,
  } = description;
  if (hardening === "none") {
    return {
      PrivateNetwork: false,
      PrivateDevices: false,
      UMask: 0o022,
      SystemCallArchitectures: [],
      IPAddressDeny: [],
      StateDirectory: [],
      ...(user === undefined ? {} : open),
    };
  }
  const ProtectHome = /^\/(?:home|root)\//.test(workingDirectory) ? "read-only" : "yes";
  if (hardening === "inbound") {
    const notifies = description.rolling === true || (description.type ?? "").startsWith("notify");
    const sends = notifies && (openFile === false || notifyAccess === "all");
    return {
      ...common,
      ProtectHome,
      PrivateNetwork: true,
      ProcSubset: "pid",
      StateDirectory: [],
      RestrictAddressFamilies: sends ? families("AF_UNIX") : families(),
      IPAddressDeny: everyIp,
    };
  }
  const folder = name.replace(/[:\\]/g, "_");
  const home = user === undefined && environment?.["HOME"] === undefined;
  return {
    ...common,
    ProtectHome,
    PrivateNetwork: false,
    ProcSubset: "all",
    StateDirectory: [folder],
    Environment: home ? [`HOME=/var/lib/${folder}`] : [],
    RestrictAddressFamilies: families("AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK"),
    IPAddressDeny: [],
  };
}
