import { loadUnit, valueOf, type GivenUnits } from "../../parse/load.ts";
import { isOfAnInterface } from "../../systemd/ip-endpoints.ts";
import type { SocketAmongOthers } from "../subjects/conflicts.ts";
import type { Found, Rule } from "../findings/finding.ts";
import { endpointOf, namesIn, type ServiceSubject, type SocketSubject } from "../subjects/subjects.ts";
import { booleanOf } from "../../systemd/booleans.ts";
import { unitNameParts } from "../../systemd/unit-names.ts";
import { addSetting, headerOf, replaceSetting } from "../findings/edits.ts";
import { isApp } from "./service/settings.ts";

/** Cached facts about units, because After= may name a unit many times. */
const late = new WeakMap<GivenUnits, Map<string, boolean>>();

/** Whether a unit starts only after basic.target, and so after all sockets. */
function isLate(name: string, given: GivenUnits): boolean {
  const known = late.get(given) ?? new Map<string, boolean>();
  late.set(given, known);
  const answer = known.get(name) ?? isAfterBasic(name, given);
  known.set(name, answer);
  return answer;
}

/** Targets that want a service and so wait for it, but must start before it. */
function tooEarly({ unit }: ServiceSubject): Found[] {
  if (booleanOf(valueOf(unit, "Unit", "DefaultDependencies")?.value) === false) return [];
  return namesIn(unit, "Install", "WantedBy", "RequiredBy")
    .filter(({ name }) => /^(?:sockets|paths)\.target$/.test(name))
    .map(({ name, setting }) => ({
      at: setting,
      message: `a service wanted by ${name}, which is before it`,
      fix: [{ [setting.key]: "multi-user.target" }, ", or Also= with the socket"],
    }));
}

/** Servers that every distribution runs as ordinary services. */
const ordinary =
  /^(?:postgresql|mysql|mysqld|mariadb|mongod|redis|redis-server|valkey|nginx|apache2|httpd|docker|rabbitmq-server)(?:@.*)?\.service$/;

function isAfterBasic(name: string, given: GivenUnits): boolean {
  if (name === "network-online.target" || ordinary.test(name)) return true;
  if (/^(?:basic|sockets|multi-user|graphical|default)\.target$/.test(name)) return true;
  const service = name.endsWith(".service") ? loadUnit(name, given) : undefined;
  return service !== undefined && booleanOf(valueOf(service, "Unit", "DefaultDependencies")?.value) !== false;
}

const isRequiredBy = ({ unit }: ServiceSubject, socket: string): boolean =>
  namesIn(unit, "Unit", "Requires", "BindsTo").some(({ name }) => name === socket);

/**
 * Whether the socket can open before the services start: it names no other units, runs no commands, and its
 * addresses exist early at boot.
 */
function canOpenEarly({ unit, service, addresses }: SocketSubject): boolean {
  const keys = (section: string) => [...(unit.bySection.get(section)?.keys() ?? [])];
  return (
    service !== undefined &&
    !service.ordered.has(unit.name) &&
    keys("Unit").every((key) => key === "Description" || key === "Documentation") &&
    !keys("Socket").some((key) => /^(?:Exec|BindToDevice$|NetworkNamespacePath$)/.test(key)) &&
    addresses.every((setting) => {
      const place = endpointOf(setting);
      return place === undefined ? /^(?:\/run\/|%t\/)/.test(setting.value) : !isOfAnInterface(place);
    })
  );
}

export type SocketBootCode =
  | "socket-wanted-by"
  | "socket-not-installed"
  | "order-cycle"
  | "socket-stops-along"
  | "socket-conflicts";

/** When a socket starts and stops, and before which units. */
export const socketBootRules: Readonly<Record<SocketBootCode, Rule<SocketAmongOthers>>> = {
  "socket-wanted-by": {
    severity: "info",
    why: "At boot systemd reaches sockets.target before it starts services. With another target the socket opens later, or never if that target is not reached.",
    man: "systemd.special(7)",
    find: (socket) => {
      const { unit } = socket;
      const names = namesIn(unit, "Install", "WantedBy", "RequiredBy");
      if (names.some(({ name }) => name === "sockets.target")) return [];
      return names
        .filter(({ name }) =>
          /^(?:multi-user|default|graphical|basic|network|network-online)\.target$/.test(name),
        )
        .map(({ name, setting }) => ({
          at: setting,
          message: `a socket wanted by ${name}`,
          fix: "WantedBy=sockets.target",
          edits:
            names.length === 1 && setting.key === "WantedBy" && canOpenEarly(socket)
              ? [replaceSetting(setting, "sockets.target")]
              : [],
        }));
    },
  },
  "socket-not-installed": {
    severity: "warning",
    why: "Without [Install], systemctl enable does nothing. After the next boot nothing listens.",
    man: "systemd.unit(5)",
    find: ({ unit, service }) =>
      service === undefined || !isApp(service) || unit.settings.some(({ section }) => section === "Install")
        ? []
        : [
            {
              at: headerOf(unit, "Socket"),
              message: "it cannot be enabled",
              fix: "[Install] with WantedBy=sockets.target",
              edits: addSetting(unit, "Install", "WantedBy", "sockets.target"),
            },
          ],
  },
  "order-cycle": {
    severity: "warning",
    why: "A socket with default dependencies starts before sockets.target, and ordinary services start after it. Every socket starts before its own service. If the socket waits for one of them, or sockets.target for the service, that is an ordering cycle: at boot, systemd drops one of the jobs to break it.",
    man: "systemd.socket(5)",
    find: ({ unit, service, accepts, given }) => {
      // With Accept=yes, nothing starts the service together with its socket.
      const before = service === undefined || accepts ? [] : namesIn(service.unit, "Unit", "Before");
      const own = before
        .filter(({ name }) => name === unit.name)
        .map(({ setting }): Found => ({
          at: setting,
          message: `a service before ${unit.name}, which starts it`,
          fix: [{ After: unit.name }],
        }));
      if (service !== undefined && !accepts && service.sockets[0]?.unit === unit)
        own.push(...tooEarly(service));
      // Without [Install], nothing starts the socket at boot together with the targets of the cycle.
      if (
        booleanOf(valueOf(unit, "Unit", "DefaultDependencies")?.value) === false ||
        !unit.bySection.has("Install")
      )
        return own;
      const waiting = namesIn(unit, "Unit", "After")
        .filter(({ name }) => isLate(name, given))
        .map(({ name, setting }) => ({
          at: setting,
          message: `a socket after ${name}`,
          fix: `remove ${name} from After=${name.endsWith(".target") ? ", Wants= and Requires=. For an address that appears later, write FreeBind=true under [Socket]" : ", and add it to the service"}`,
        }));
      return [...own, ...waiting];
    },
  },
  "socket-stops-along": {
    severity: "warning",
    why: "Each restart of the service also stops its socket. Meanwhile the port is closed, and waiting clients are reset. With StopPropagatedFrom=, systemd 252 and later stop the socket only when the service stops without a restart.",
    man: "systemd.unit(5)",
    find: ({ unit, starts, accepts, service }) =>
      // An instance of a socket may belong to only one instance of the service.
      accepts || unitNameParts(unit.name).instance !== undefined
        ? []
        : [
            ...namesIn(unit, "Unit", "PartOf", "BindsTo", "Requires", "StopPropagatedFrom")
              .filter(({ name }) => name === starts)
              .map(({ name, setting }) => ({
                at: setting,
                message: `${setting.key}=${name} in the socket that starts it`,
                fix: `remove ${name} from ${setting.key}=${service !== undefined && isRequiredBy(service, unit.name) ? "" : `, and write Requires=${unit.name} in the service`}`,
              })),
            ...(service === undefined ? [] : namesIn(service.unit, "Unit", "PropagatesStopTo"))
              .filter(({ name }) => name === unit.name)
              .map(({ name, setting }) => ({
                at: setting,
                message: `PropagatesStopTo=${name} in the service that it starts`,
                fix: `remove ${name} from PropagatesStopTo=`,
              })),
          ],
  },
  "socket-conflicts": {
    severity: "error",
    why: "If two units conflict, systemd stops one when it starts the other. The first connection starts the service and closes the port.",
    man: "systemd.unit(5)",
    find: ({ unit, starts, service }) =>
      [
        ...namesIn(unit, "Unit", "Conflicts").filter(({ name }) => name === starts),
        ...(service === undefined
          ? []
          : namesIn(service.unit, "Unit", "Conflicts").filter(({ name }) => name === unit.name)),
      ]
        .slice(0, 1)
        .map(({ name, setting }) => ({
          at: setting,
          message: `Conflicts=${name} between a socket and the service that it starts`,
          fix: [`remove ${name} from `, { Conflicts: "" }],
        })),
  },
};
