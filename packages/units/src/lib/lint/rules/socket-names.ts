import { valueOf, valuesOf, type Setting } from "../../parse/load.ts";
import { nearestAmong } from "@sockact/shared/nearest";
import { replaceSetting } from "../findings/edits.ts";
import type { FileEdit, Rule } from "../findings/finding.ts";
import type { SocketAmongOthers } from "../subjects/conflicts.ts";
import { misspelledSockets } from "../subjects/misspelled.ts";
import { endpointOf, namesIn } from "../subjects/subjects.ts";
import { unitNameParts } from "../../systemd/unit-names.ts";
import { inSocket } from "./socket-settings.ts";
import { isApp } from "./service/settings.ts";

export type SocketNamesCode =
  | "unit-misspelled"
  | "scope-missing"
  | "scope-early"
  | "template-address"
  | "condition-never"
  | "socket-closed"
  | "socket-mode-unused"
  | "socket-group";

/** Whether the address is a file. */
const isFile = ({ value }: Setting): boolean => /^(?:\/|%t)/.test(value);

/** The bits of a mode such as 0660. systemd ignores any other value. */
function modeOf(setting: Setting | undefined): number | undefined {
  return /^0*[0-7]{1,4}$/.test(setting?.value ?? "") ? parseInt(setting!.value, 8) : undefined;
}

/** The targets that enable units; see systemd.special(7). */
const nearTarget = nearestAmong([
  "sockets.target",
  "multi-user.target",
  "default.target",
  "graphical.target",
  "timers.target",
  "network-online.target",
]);

/** An edit that replaces a name in a list. */
const renamed = (setting: Setting, name: string, right: string): FileEdit =>
  replaceSetting(
    setting,
    setting.value
      .split(/\s+/)
      .map((word) => (word === name ? right : word))
      .join(" "),
  );

/** Names and groups of a socket that prevent its service from starting or its clients from connecting. */
export const socketNamesRules: Readonly<Record<SocketNamesCode, Rule<SocketAmongOthers>>> = {
  "unit-misspelled": {
    severity: "error",
    why: "systemd has no unit of this name. A missing target starts nothing at boot, and a service that requires a missing socket does not start: the first connection is reset, and its socket fails.",
    man: "systemd.unit(5)",
    find: (socket) => {
      const { unit, service, given } = socket;
      const targets = namesIn(unit, "Install", "WantedBy", "RequiredBy").map((one) => ({
        ...one,
        // pockets.target may exist on this machine. The first letter is rarely mistyped.
        right:
          given.units.has(one.name) || one.name[0] !== nearTarget(one.name)?.[0]
            ? undefined
            : nearTarget(one.name),
      }));
      const sockets = (service === undefined ? [] : misspelledSockets(service.unit, socket)).map((one) => ({
        ...one,
        right: unit.name,
      }));
      return [...targets, ...sockets].flatMap(({ name, setting, right }) =>
        right === undefined || right === name
          ? []
          : [
              {
                at: setting,
                message: `${setting.key}=${name} is probably ${right}`,
                fix: right,
                edits: [renamed(setting, name, right)],
              },
            ],
      );
    },
  },
  "scope-missing": {
    severity: "error",
    why: "A link-local address exists on every interface, so the kernel needs to know which one you mean. Otherwise bind fails (EINVAL), and so does the socket, even with FreeBind=.",
    man: "systemd.socket(5)",
    find: ({ unit, addresses }) =>
      valueOf(unit, "Socket", "BindToDevice") === undefined
        ? addresses
            .filter(({ value }) => /^\[fe[89ab][\da-f]:[^\]%]*\]:\d+$/i.test(value))
            .map((setting) => ({
              at: setting,
              message: `${setting.value} names no interface`,
              fix: [{ BindToDevice: "" }, " with the interface"],
            }))
        : [],
  },
  "scope-early": {
    severity: "info",
    why: "systemd looks up the interface when it reads the unit. If the interface does not exist yet, as early at boot, systemd ignores the address, even with FreeBind=. With BindToDevice=, the socket waits for the interface.",
    man: "systemd.socket(5)",
    find: ({ unit, addresses }) =>
      addresses
        .filter(({ value }) => /^\[[^\]]+\]:\d+%%(?!lo$)/.test(value) && !inSocket(unit, "BindToDevice"))
        .map((setting) => ({
          at: setting,
          message: `${setting.value} names an interface`,
          fix: "BindToDevice= with the interface, and the address without it",
        })),
  },
  "template-address": {
    severity: "info",
    why: "All instances of the template listen on the same address. The second bind fails (EADDRINUSE), and for a unix socket the second instance replaces the file of the first.",
    man: "systemd.unit(5)",
    find: ({ unit, addresses }) => {
      const isShared = ["ReusePort", "BindToDevice", "NetworkNamespacePath"].some((key) =>
        inSocket(unit, key),
      );
      return unitNameParts(unit.name).instance !== "" || isShared
        ? []
        : addresses
            .filter(({ value }) => !/%[iInN]/.test(value.replaceAll("%%", "")))
            .map((setting) => ({
              at: setting,
              message: `${setting.key}=${setting.value} is the same for each instance`,
              fix: "an address with %i, such as /run/app/%i.sock",
            }));
    },
  },
  "condition-never": {
    severity: "error",
    why: "The socket unit creates this file when it starts, but the condition requires the file before that. After a boot, /run is empty.",
    man: "systemd.unit(5)",
    find: ({ unit, addresses }) => {
      const own = new Set(
        addresses.filter(({ value }) => /^(?:\/run\/|%t\/)/.test(value)).map(({ value }) => value),
      );
      return ["ConditionPathExists", "AssertPathExists"]
        .flatMap((key) => valuesOf(unit, "Unit", key))
        .filter(({ value }) => own.has(value))
        .map((setting) => ({
          at: setting,
          message: `${setting.key}=${setting.value} is the socket's own file`,
          fix: "remove it",
        }));
    },
  },
  "socket-closed": {
    severity: "warning",
    why: "A client needs permission to write to the file of a unix socket, and to search (x) in its folders. Only root needs neither.",
    man: "unix(7)",
    find: ({ unit, addresses }) => {
      if (!addresses.some(isFile)) return [];
      const [socket, folder] = ["SocketMode", "DirectoryMode"].map((key) => inSocket(unit, key));
      const group = inSocket(unit, "SocketGroup")?.value;
      const owner = inSocket(unit, "SocketUser")?.value ?? "root";
      const bits = modeOf(socket) ?? 0o666;
      return [
        ...(group !== undefined && group !== owner && (bits & 0o020) === 0
          ? [
              {
                at: socket!,
                message: `SocketMode=${socket!.value} does not let SocketGroup=${group} connect`,
                fix: [{ SocketMode: "0660" }],
              },
            ]
          : []),
        ...(((modeOf(folder) ?? 0o755) & 0o100) === 0
          ? [
              {
                at: folder!,
                message: `DirectoryMode=${folder!.value} has no x`,
                fix: [{ DirectoryMode: "0755" }],
              },
            ]
          : []),
      ];
    },
  },
  "socket-mode-unused": {
    severity: "info",
    why: "These permissions apply to a file. An abstract socket or a port has none: every process in its network may connect.",
    man: "unix(7)",
    find: ({ unit, addresses }) =>
      addresses.length === 0 ||
      !addresses.every((setting) => setting.value.startsWith("@") || endpointOf(setting) !== undefined)
        ? []
        : ["SocketMode", "SocketUser", "SocketGroup"]
            .flatMap((key) => inSocket(unit, key) ?? [])
            .slice(0, 1)
            .map((setting) => ({
              at: setting,
              message: `${setting.key}=${setting.value}, and no address is a file`,
              fix: "remove it, or listen on a path",
            })),
  },
  "socket-group": {
    severity: "info",
    why: "Without SocketGroup=, the group of a unix socket is root. The group permission then has no effect, and only root may connect.",
    man: "systemd.socket(5)",
    find: ({ unit, addresses, service }) => {
      const setting = valueOf(unit, "Socket", "SocketMode");
      const isForGroup = /^0?[0-7][2367][0145]$/.test(setting?.value ?? "");
      const hasOwner = ["SocketGroup", "SocketUser"].some((key) => valueOf(unit, "Socket", key));
      return !isForGroup ||
        hasOwner ||
        service === undefined ||
        service.user ||
        !isApp(service) ||
        !addresses.some(isFile)
        ? []
        : [
            {
              at: setting!,
              message: `SocketMode=${setting!.value} without SocketGroup=`,
              fix: "SocketGroup= with the group of the clients",
            },
          ];
    },
  },
};
