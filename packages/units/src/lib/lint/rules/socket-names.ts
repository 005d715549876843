import { valueOf, type Setting } from "../../parse/load.ts";
import { nearestAmong } from "../../nearest.ts";
import { replaceSetting } from "../findings/edits.ts";
import type { FileEdit, Rule } from "../findings/finding.ts";
import type { SocketAmongOthers } from "../subjects/conflicts.ts";
import { misspelledSockets } from "../subjects/misspelled.ts";
import { namesIn } from "../subjects/subjects.ts";
import { isApp } from "./service/settings.ts";

/** The codes of these rules. */
export type SocketNamesCode = "unit-misspelled" | "scope-missing" | "socket-group";

/** The targets by which units are enabled; systemd.special(7). */
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

/** Names and groups of a socket, with which it starts nothing, or is open to nobody. */
export const socketNamesRules: Readonly<Record<SocketNamesCode, Rule<SocketAmongOthers>>> = {
  "unit-misspelled": {
    severity: "error",
    why: "systemd has no unit of this name. A target of that kind enables nothing at boot, and a service that requires such a socket does not start: the first connection is reset, and its socket fails.",
    man: "systemd.unit(5)",
    find: (socket) => {
      const { unit, service, given } = socket;
      const targets = namesIn(unit, "Install", "WantedBy", "RequiredBy").map((one) => ({
        ...one,
        // pockets.target may be a target of this machine. Few people mistype the first letter.
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
    why: "A link-local address is on every interface, so the kernel needs to know which one is meant. Without that, bind fails (EINVAL), and so does the socket, with FreeBind= too.",
    man: "systemd.socket(5)",
    find: ({ unit, addresses }) =>
      valueOf(unit, "Socket", "BindToDevice") === undefined
        ? addresses
            .filter(({ value }) => /^\[fe[89ab][\da-f]:[^\]%]*\]:\d+$/i.test(value))
            .map((setting) => ({
              at: setting,
              message: `${setting.value} does not say on which interface`,
              fix: "BindToDevice= with the interface",
            }))
        : [],
  },
  "socket-group": {
    severity: "info",
    why: "Without SocketGroup=, the group of a unix socket is root. So the permission of the group is of no use, and only root may connect.",
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
        !addresses.some(({ value }) => /^(?:\/|%t)/.test(value))
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
