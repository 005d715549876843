import type { Hardening } from "../description.ts";
import type { AddedDirective } from "./reasons.ts";
import { added, type Line } from "../write/unit-text.ts";

/** What the sandbox must know of the service. */
export interface Sandboxed {
  hardening: Hardening;
  /** The name of the service without its suffix. */
  name: string;
  /** What comes after the name of its folder, if each instance has its own. */
  folder: string;
  manager: "system" | "user";
  dynamicUser: boolean;
  /** Whether it lies in a home, and so must be able to read there. */
  inHome: boolean;
  /** Whether it makes sockets of its own to tell the service manager things. */
  sendsBySocket: boolean;
  /** Whether HOME is asked for. */
  hasHome: boolean;
}

type Value = string | ((service: Sandboxed) => string[]);

/** systemd 250 began to read `:` in StateDirectory= as a separator; a backslash is none of a folder's name either. */
const stateDirectory = ({ name, folder }: Sandboxed): string => name.replace(/[:\\]/g, "_") + folder;

/**
 * The sandbox, directive by directive; both kinds were run with Node 20 to 26.
 *
 * Left out on purpose: MemoryDenyWriteExecute= kills every just-in-time compiler. A lone `outbound` value, or none, is where
 * a service that opens connections needs more.
 */
const measures: readonly { key: AddedDirective; inbound?: Value; outbound?: Value }[] = [
  ...both("NoNewPrivileges", "yes"),
  ...both("CapabilityBoundingSet", ""),
  ...both("AmbientCapabilities", ""),
  ...both("PrivateTmp", "yes"),
  ...both("PrivateDevices", "yes"),
  { key: "PrivateNetwork", inbound: "yes" },
  ...both("PrivateUsers", "yes"),
  ...both("PrivateIPC", "yes"),
  ...both("ProtectSystem", "strict"),
  ...both("ProtectHome", ({ inHome }) => [inHome ? "read-only" : "yes"]),
  ...both("ProtectKernelTunables", "yes"),
  ...both("ProtectKernelModules", "yes"),
  ...both("ProtectKernelLogs", "yes"),
  ...both("ProtectControlGroups", "yes"),
  ...both("ProtectClock", "yes"),
  ...both("ProtectHostname", "yes"),
  ...both("ProtectProc", "invisible"),
  { key: "ProcSubset", inbound: "pid" },
  ...both("LockPersonality", "yes"),
  ...both("RestrictNamespaces", "yes"),
  ...both("RestrictRealtime", "yes"),
  ...both("RestrictSUIDSGID", "yes"),
  ...both("RemoveIPC", "yes"),
  ...both("KeyringMode", "private"),
  ...both("UMask", "0077"),
  { key: "StateDirectory", outbound: (service) => [stateDirectory(service)] },
  {
    key: "Environment",
    outbound: (service) =>
      service.dynamicUser && !service.hasHome ? [`HOME=%S/${stateDirectory(service)}`] : [],
  },
  ...both("SystemCallArchitectures", "native"),
  ...both("SystemCallFilter", () => ["@system-service", "~@privileged @resources"]),
  ...both("SystemCallErrorNumber", "EPERM"),
  {
    key: "RestrictAddressFamilies",
    inbound: ({ sendsBySocket }) => [sendsBySocket ? "AF_UNIX" : "none"],
    outbound: "AF_UNIX AF_INET AF_INET6 AF_NETLINK",
  },
  { key: "IPAddressDeny", inbound: "any" },
];

/** What does nothing under a user's manager: only root may load a packet filter, and a user's IPC goes when the user does. */
const systemAlone: readonly AddedDirective[] = ["RemoveIPC", "IPAddressDeny"];

function both(key: AddedDirective, value: Value): [{ key: AddedDirective; inbound: Value; outbound: Value }] {
  return [{ key, inbound: value, outbound: value }];
}

/** The sandbox of a service; empty for `none`. */
export function sandbox(service: Sandboxed): Line[] {
  const { hardening } = service;
  if (hardening === "none") return [];
  return measures.flatMap(({ key, [hardening]: value }) => {
    if (value === undefined || (service.manager === "user" && systemAlone.includes(key))) return [];
    const values = typeof value === "string" ? [value] : value(service);
    return values.map((text) => added(key, text));
  });
}
