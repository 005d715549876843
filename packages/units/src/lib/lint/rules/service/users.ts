import { valueOf } from "../../../parse/load.ts";
import type { Rule } from "../../findings/finding.ts";
import type { ServiceSubject } from "../../subjects/subjects.ts";
import { booleanOf } from "../../../systemd/booleans.ts";
import { inService, isTrue, runsAsRoot } from "./settings.ts";
import { isSystemAccount } from "../../../systemd/system-accounts.ts";
import { unitNameParts } from "../../../systemd/unit-names.ts";
import { headerOf } from "../../findings/edits.ts";

export type UsersCode = "user-root" | "user-nobody" | "user-shared" | "user-not-possible";

/** The fix for an account that other services use. */
const ownAccount = {
  fix: "DynamicUser=yes, or User= with an account that only this service has",
  inDescription: {
    fix: "leave user out, or name an account that only this service has, such as user: 'shop'",
  },
};

/** The user of a service. */
export const usersRules: Readonly<Record<UsersCode, Rule<ServiceSubject>>> = {
  "user-root": {
    severity: "warning",
    why: "systemd opens the sockets, so your app does not need to be root. An attacker who controls your app would control the whole machine.",
    man: "systemd.exec(5)",
    find: (service) => {
      const { unit, program } = service;
      const setting = inService(unit, "User");
      if (program?.isNode !== true || !runsAsRoot(service)) return [];
      return program.keepsRoot
        ? [
            {
              at: program.setting,
              message: `the prefix ${program.command.signs} makes the program run as root`,
              fix: "remove it",
            },
          ]
        : [
            {
              at: setting ?? headerOf(unit, "Service"),
              message:
                setting === undefined
                  ? "the service runs as root, because no user is set"
                  : `User=${setting.value}`,
              ...ownAccount,
            },
          ];
    },
  },
  "user-nobody": {
    severity: "warning",
    why: "Services that run as nobody can stop each other's processes and change each other's files. systemd logs a warning each time it reads the unit.",
    man: "systemd.exec(5)",
    find: ({ unit }) => {
      const setting = inService(unit, "User");
      return setting === undefined || !/^(?:nobody|65534)$/.test(setting.value)
        ? []
        : [
            {
              at: setting,
              message: `User=${setting.value}`,
              ...ownAccount,
            },
          ];
    },
  },
  "user-shared": {
    severity: "error",
    why: "Without User=, DynamicUser= creates a user with the name of the unit. If there is an account of that name, the service runs as that account, with all its rights. If there is only a group of that name, the service does not start.",
    man: "systemd.exec(5)",
    find: ({ unit }) => {
      const setting = inService(unit, "DynamicUser");
      const { prefix } = unitNameParts(unit.name);
      return !isTrue(unit, "DynamicUser") || inService(unit, "User") !== undefined || !isSystemAccount(prefix)
        ? []
        : [
            {
              at: setting!,
              message: `DynamicUser=yes, and ${prefix} is a system account`,
              fix: `name the unit ${prefix}-app.service`,
              inDescription: {
                field: "name",
                fix: `choose another name, such as '${prefix}-app'; or set user`,
              },
            },
          ];
    },
  },
  "user-not-possible": {
    severity: "error",
    why: "A user's service manager may not change users or groups, or grant capabilities. The unit does not start (status=217/USER, 216/GROUP or 218/CAPABILITIES).",
    man: "systemd.exec(5)",
    find: ({ unit, sockets, user }) => {
      if (!user) return [];
      const ofSockets = sockets.flatMap((socket) =>
        ["SocketUser", "SocketGroup"].flatMap((key) => valueOf(socket.unit, "Socket", key) ?? []),
      );
      const ofService = ["User", "Group", "SupplementaryGroups", "DynamicUser", "AmbientCapabilities"]
        .flatMap((key) => inService(unit, key) ?? [])
        .filter(({ key, value }) => key !== "DynamicUser" || booleanOf(value) === true);
      return [...ofService, ...ofSockets].map((setting) => ({
        at: setting,
        message: `${setting.key}=${setting.value} in a user unit`,
        fix: "remove it",
      }));
    },
  },
};
