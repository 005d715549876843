import { misspelledSockets } from "../../subjects/misspelled.ts";
import type { Rule } from "../../findings/finding.ts";
import { namesIn, type ServiceSubject } from "../../subjects/subjects.ts";
import { unitNameParts } from "../../../systemd/unit-names.ts";
import { nearestAmong } from "@sockact/shared/nearest";
import { isGiven } from "../../subjects/given.ts";

/** Targets that only the system manager has; see systemd.special(7). */
const systemTargets =
  /^(?:multi-user|graphical|network(?:-online|-pre)?|(?:local|remote)-fs(?:-pre)?|sysinit|nss-(?:user-)?lookup|time-(?:set|sync)|getty|rescue|rpcbind|runlevel\d)\.target$/;

export type OtherUnitsCode = "unit-missing" | "target-missing";

/** Units that a service and its sockets name. */
export const otherUnitsRules: Readonly<Record<OtherUnitsCode, Rule<ServiceSubject>>> = {
  "unit-missing": {
    severity: "warning",
    why: "A unit does not start without a unit that it requires. OnFailure= has no effect if its unit is missing, or if it is the service itself.",
    man: "systemd.unit(5)",
    find: ({ unit, sockets }) => {
      const given = sockets[0]?.given;
      if (given === undefined) return [];
      const { prefix } = unitNameParts(unit.name);
      const near = nearestAmong([unit.name, ...sockets.map((socket) => socket.unit.name)]);
      const misspelled = new Set(
        sockets.flatMap((socket) => misspelledSockets(unit, socket)).map(({ name }) => name),
      );
      // Units with other names may be from other packages.
      const isMissing = (name: string) =>
        /\.(?:service|socket)$/.test(name) &&
        ((name.startsWith(prefix) && /^[-@.]/.test(name.slice(prefix.length))) ||
          near(name)?.[0] === name[0]) &&
        !isGiven(name, given) &&
        !misspelled.has(name);
      return [
        ...namesIn(unit, "Unit", "Requires", "BindsTo", "Requisite", "OnFailure", "OnSuccess"),
        ...namesIn(unit, "Service", "Sockets"),
      ].flatMap(({ name, setting }) => {
        const isItself = setting.key.startsWith("On") && name === unit.name;
        return isItself || isMissing(name)
          ? [
              {
                at: setting,
                message: `${setting.key}=${name}: ${isItself ? "that is the service itself" : "it is not among the files"}`,
                fix: isItself ? "another unit" : `${near(name) ?? "a file with this name"}, or remove it`,
              },
            ]
          : [];
      });
    },
  },
  "target-missing": {
    severity: "warning",
    why: "A user's service manager has no such target. A unit that this target wants is never started, and After= waits for nothing.",
    man: "systemd.special(7)",
    find: ({ unit, sockets, user }) =>
      !user
        ? []
        : [unit, ...sockets.map((socket) => socket.unit)]
            .flatMap((one) => [
              ...namesIn(one, "Install", "WantedBy", "RequiredBy"),
              ...namesIn(one, "Unit", "After", "Wants", "Requires", "BindsTo"),
            ])
            // Many units name network.target, although it says little about the network.
            .filter(
              ({ name, setting }) =>
                systemTargets.test(name) && `${setting.key}=${name}` !== "After=network.target",
            )
            .map(({ name, setting }) => ({
              at: setting,
              message: `${setting.key}=${name} in a user unit`,
              fix:
                setting.section === "Install"
                  ? "default.target, or sockets.target for a socket"
                  : "remove it",
            })),
  },
};
