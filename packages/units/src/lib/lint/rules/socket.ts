import { loadUnit, valueOf, valuesOf, type GivenFiles, type Setting } from "../../parse/load.ts";
import { assignments } from "../../parse/parse.ts";
import { isOfAnInterface } from "../../systemd/ip-endpoints.ts";
import type { SocketAmongOthers } from "../subjects/conflicts.ts";
import type { Found, Rule } from "../findings/finding.ts";
import { conditionOf, restartDelay, restartsAfter, slowerRestarts } from "../subjects/restarts.ts";
import { isGiven } from "../subjects/given.ts";
import { endpointOf, namesIn, type ServiceSubject, type SocketSubject } from "../subjects/subjects.ts";
import { booleanOf } from "../../systemd/booleans.ts";
import { timeSpanOf } from "../../systemd/time-spans.ts";
import { wholeOf } from "../../systemd/amounts.ts";
import { templateOf, unitNameParts } from "../../systemd/unit-names.ts";
import { addSetting, headerOf, replaceSetting } from "../findings/edits.ts";
import { isApp, isAppServer } from "./service/settings.ts";
import { socketNamesRules, type SocketNamesCode } from "./socket-names.ts";

const isStream = ({ key }: Setting): boolean => key === "ListenStream";

const isPath = (setting: Setting): boolean =>
  /^(?:\/|%t)/.test(setting.value) && /^Listen(?!Special|FIFO)/.test(setting.key);

const socketValue = (unit: SocketSubject["unit"], key: string) => valueOf(unit, "Socket", key)?.value;

/** Facts about the units among these files, computed once, because After= may name a unit many times. */
const late = new WeakMap<GivenFiles, Map<string, boolean>>();

/** Whether a unit starts only after basic.target, and so after all sockets. */
function isLate(name: string, given: GivenFiles): boolean {
  const known = late.get(given) ?? new Map<string, boolean>();
  late.set(given, known);
  const answer = known.get(name) ?? isAfterBasic(name, given);
  known.set(name, answer);
  return answer;
}

/** The targets that want a service, wait for it therefore, and are before it anyway. */
function tooEarly({ unit }: ServiceSubject): Found[] {
  if (booleanOf(valueOf(unit, "Unit", "DefaultDependencies")?.value) === false) return [];
  return namesIn(unit, "Install", "WantedBy", "RequiredBy")
    .filter(({ name }) => /^(?:sockets|paths)\.target$/.test(name))
    .map(({ name, setting }) => ({
      at: setting,
      message: `a service wanted by ${name}, which is before it`,
      fix: `${setting.key}=multi-user.target, or Also= with the socket`,
    }));
}

/** Servers that are ordinary services in each distribution. */
const ordinary =
  /^(?:postgresql|mysql|mysqld|mariadb|mongod|redis|redis-server|valkey|nginx|apache2|httpd|docker|rabbitmq-server)(?:@.*)?\.service$/;

function isAfterBasic(name: string, given: GivenFiles): boolean {
  if (name === "network-online.target" || ordinary.test(name)) return true;
  if (/^(?:basic|sockets|multi-user|graphical|default)\.target$/.test(name)) return true;
  const service = name.endsWith(".service") ? loadUnit(name, given) : undefined;
  return service !== undefined && booleanOf(valueOf(service, "Unit", "DefaultDependencies")?.value) !== false;
}

/** The folder among these, all below /run, that contains a path. The path of a socket has at most 107 bytes. */
function folderOf(path: string, folders: ReadonlySet<string>): string | undefined {
  const below = /^\/run\/(.{1,107})$/s.exec(path)?.[1] ?? "";
  for (let end = below.indexOf("/"); end >= 0; end = below.indexOf("/", end + 1)) {
    const folder = below.slice(0, end);
    if (folders.has(folder)) return folder;
  }
  return undefined;
}

/** Whether a service requires this socket. */
const isRequiredBy = ({ unit }: ServiceSubject, socket: string): boolean =>
  namesIn(unit, "Unit", "Requires", "BindsTo").some(({ name }) => name === socket);

/** Whether the service reads a connection as its standard input. */
const isInetd = ({ unit }: ServiceSubject): boolean =>
  valueOf(unit, "Service", "StandardInput")?.value.startsWith("socket") === true;

/**
 * Whether the socket can open before the services start: it names no other units, runs no commands, and its addresses are there early at boot.
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

/** The codes of these rules. */
export type SocketCode =
  | "listen-missing"
  | "service-missing"
  | "accept-impossible"
  | "address-conflict"
  | "clients-blocked"
  | "runtime-directory"
  | "trigger-limit"
  | "trigger-limit-low"
  | "remove-on-stop"
  | "accept-server"
  | "socket-wanted-by"
  | "socket-not-installed"
  | "socket-mode"
  | "reuse-port"
  | "order-cycle"
  | "socket-stops-along"
  | "socket-conflicts"
  | "free-bind"
  | "defer-trigger"
  | SocketNamesCode;

export const socketRules: Readonly<Record<SocketCode, Rule<SocketAmongOthers>>> = {
  "listen-missing": {
    severity: "error",
    why: "A socket unit needs at least one address. systemd does not load one without.",
    man: "systemd.socket(5)",
    find: ({ unit, addresses }) =>
      addresses.length > 0
        ? []
        : [
            {
              at: headerOf(unit, "Socket"),
              message: "it has no address",
              fix: "ListenStream=80, or another address",
            },
          ],
  },
  "service-missing": {
    severity: "error",
    why: "systemd does not start a socket if it cannot find the service. By default, app.socket starts app.service. With Accept=yes, it starts an instance of the template app@.service.",
    man: "systemd.socket(5)",
    find: ({ unit, service, withoutAccept, starts, accepts, given }) => {
      if (service !== undefined || isGiven(starts, given)) return [];
      const template = starts.replace(/\.service$/, "@.service");
      const other = accepts ? withoutAccept?.unit.name : given.units.has(template) ? template : undefined;
      const near = other !== undefined;
      const accept = withoutAccept && valueOf(unit, "Socket", "Accept");
      return [
        {
          at: valueOf(unit, "Socket", "Service") ?? accept ?? headerOf(unit, "Socket"),
          message: `${templateOf(starts) ?? starts} is not among the files${near ? `, ${other} is` : ""}`,
          fix: near
            ? accepts
              ? "Accept=no"
              : "Accept=yes, or Service= with an instance"
            : `name the service ${templateOf(starts) ?? starts}, or write the name that it has into Service=`,
          // A server needs the socket itself. Another program may have its template elsewhere.
          edits:
            accept !== undefined && withoutAccept?.program?.isNode === true && !isInetd(withoutAccept)
              ? [replaceSetting(accept, "no")]
              : [],
        },
      ];
    },
  },
  "accept-impossible": {
    severity: "error",
    why: "systemd does not load a socket with Accept=yes and Service=. Accept=yes also needs an address for connections, such as ListenStream=.",
    man: "systemd.socket(5)",
    find: ({ unit, accepts, addresses }) => {
      if (!accepts) return [];
      const service = valueOf(unit, "Socket", "Service");
      return [
        ...(service === undefined
          ? []
          : [
              {
                at: service,
                message: "Accept=yes with Service=",
                fix: "remove Service=",
              },
            ]),
        ...addresses
          .filter(({ key }) => !/^Listen(?:Stream|SequentialPacket)$/.test(key))
          .map((setting) => ({
            at: setting,
            message: `Accept=yes with ${setting.key}=`,
            fix: "Accept=no, or ListenStream=",
          })),
      ];
    },
  },
  "address-conflict": {
    severity: "error",
    why: "The second bind fails (EADDRINUSE), and the socket unit fails with it. A port alone and [::] include IPv4, unless you set BindIPv6Only=ipv6-only.",
    man: "systemd.socket(5)",
    find: (socket) =>
      booleanOf(socketValue(socket.unit, "ReusePort")) === true
        ? []
        : socket.conflicts.map(({ setting, first, apart }) => ({
            at: setting,
            message: `${setting.key}=${setting.value} is taken by ${first.key}=${first.value}${first.file === setting.file ? "" : ` of ${first.file}`}`,
            fix: apart ? "BindIPv6Only=ipv6-only" : "remove one of them",
            // If the two differ, the wider one would open the port to more clients than the narrower one.
            edits:
              first.file === setting.file && first.value === setting.value ? [replaceSetting(setting)] : [],
          })),
  },
  "clients-blocked": {
    severity: "error",
    why: "IPAddressDeny= in the socket unit blocks its clients. In the service it does not apply to sockets that systemd passes. PrivateNetwork= in the socket unit opens its ports in a network of its own, which no client reaches.",
    man: "systemd.resource-control(5)",
    find: ({ unit, addresses, given }) => {
      const network = valueOf(unit, "Socket", "PrivateNetwork");
      if (
        booleanOf(network?.value) === true &&
        !addresses.every(isPath) &&
        !given.all.some((file) => assignments(file.unit).some(({ key }) => key === "JoinsNamespaceOf"))
      )
        return [
          {
            at: network!,
            message: `PrivateNetwork=${network!.value} in a socket`,
            fix: "put it into the service, which is passed its sockets anyway",
          },
        ];
      if (valuesOf(unit, "Socket", "IPAddressAllow").length > 0) return [];
      return valuesOf(unit, "Socket", "IPAddressDeny")
        .filter(({ value }) => /(?:^|\s)(?:any|0\.0\.0\.0\/0|::\/0)(?:\s|$)/.test(value))
        .map((setting) => ({
          at: setting,
          message: `IPAddressDeny=${setting.value} in a socket`,
          fix: "put it into the service, which has the same sockets",
        }));
    },
  },
  "runtime-directory": {
    severity: "error",
    why: "When the service stops, systemd removes its RuntimeDirectory= and the socket file in it. After that, clients cannot connect.",
    man: "systemd.exec(5)",
    find: ({ service, addresses, accepts }) => {
      if (service === undefined || accepts) return [];
      const { unit } = service;
      if (
        /^(?:yes|restart|true|on|1)$/.test(
          valueOf(unit, "Service", "RuntimeDirectoryPreserve")?.value ?? "no",
        )
      )
        return [];
      const folders = new Set(
        namesIn(unit, "Service", "RuntimeDirectory").map(({ name }) => name.replace(/:.*/, "")),
      );
      return addresses.filter(isPath).flatMap((setting) => {
        const folder = folderOf(setting.value.replace(/^(?:%t|\/var\/run)(?=\/)/, "/run"), folders);
        return folder === undefined
          ? []
          : {
              at: setting,
              message: `${setting.value} is in RuntimeDirectory=${folder}`,
              fix: "RuntimeDirectoryPreserve=yes in the service, or another folder for the socket",
            };
      });
    },
  },
  "trigger-limit": {
    severity: "warning",
    why: "By default a socket fails after it has started its service twenty times in two seconds, or 200 times with Accept=yes. That happens if the service exits within a tenth of a second, before it accepts, and Restart= does not restart it. The port is then closed until you start the socket.",
    man: "systemd.socket(5)",
    find: ({ unit, service, accepts }) => {
      const set = ["TriggerLimitIntervalSec", "TriggerLimitBurst"].some((key) =>
        valueOf(unit, "Socket", key),
      );
      if (set || accepts || service?.program?.isNode !== true) return [];
      const isBound = restartsAfter(service.unit, 0) && restartsAfter(service.unit, 1);
      // Each restart counts, and ten restarts a second do not reach the limit.
      if (isBound && restartDelay(service.unit) >= 100) return [];
      return [
        {
          at: headerOf(unit, "Socket"),
          message: "the default trigger limit applies",
          // Without the limit, systemd would repeat a start that a condition refuses, without end.
          fix: isBound
            ? `RestartSec=1s in ${service.unit.name}`
            : `Restart=always and RestartSec=1s in ${service.unit.name}${conditionOf(service.unit) === undefined ? ", and TriggerLimitIntervalSec=0 here" : ""}`,
          edits: isBound && !service.unit.isCut ? slowerRestarts(service.unit) : [],
        },
      ];
    },
  },
  "trigger-limit-low": {
    severity: "warning",
    why: "The limit counts how often a connection starts the service. At the limit the socket fails, and the port is closed until you start the socket again.",
    man: "systemd.socket(5)",
    find: ({ unit, service, accepts }) => {
      if (accepts || service === undefined || !isApp(service)) return [];
      const interval = valueOf(unit, "Socket", "TriggerLimitIntervalSec");
      const burst = valueOf(unit, "Socket", "TriggerLimitBurst");
      const length = timeSpanOf(interval?.value ?? "2s") ?? 0;
      const count = wholeOf(burst?.value ?? "20") ?? 0;
      return interval === undefined || length === 0 || count === 0 || length / count <= 60_000
        ? []
        : [
            {
              at: burst ?? interval,
              message: `only ${count} ${count === 1 ? "start" : "starts"} in TriggerLimitIntervalSec=${interval.value}`,
              fix: "TriggerLimitIntervalSec=0, or a time of seconds",
            },
          ];
    },
  },
  "remove-on-stop": {
    severity: "info",
    why: "When the socket unit stops, systemd removes the socket file. If the service keeps running, clients cannot reach it.",
    man: "systemd.socket(5)",
    find: ({ unit, service, addresses, accepts }) => {
      const setting = valueOf(unit, "Socket", "RemoveOnStop");
      if (booleanOf(setting?.value) !== true || service === undefined || accepts || !addresses.some(isPath))
        return [];
      const bound = namesIn(service.unit, "Unit", "Requires", "BindsTo", "PartOf", "Requisite");
      if (
        bound.some(({ name }) => name === unit.name) ||
        namesIn(unit, "Unit", "PartOf", "BindsTo").length > 0
      )
        return [];
      return [
        {
          at: setting!,
          message: `RemoveOnStop=${setting!.value}, and ${service.unit.name} does not stop with ${unit.name}`,
          fix: `Requires=${unit.name} in the service`,
        },
      ];
    },
  },
  "accept-server": {
    severity: "info",
    why: "With Accept=yes systemd starts a process for each connection, and passes it only that connection. An app with sockact or its preload serves the connection. Any other server waits for a listening socket that it does not get. Each start of Node takes 40 ms or more.",
    man: "systemd.socket(5)",
    find: ({ unit, accepts, service }) =>
      !accepts ||
      service === undefined ||
      (service.program?.isNode !== true && !isAppServer(service)) ||
      isInetd(service)
        ? []
        : [
            {
              at: valueOf(unit, "Socket", "Accept")!,
              message: `${service.program?.isNode === true ? "Node" : service.program?.name} starts for each connection`,
              fix: `Accept=no, and ${service.unit.name.replace("@.", ".")}`,
            },
          ],
  },
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
  "socket-mode": {
    severity: "info",
    why: "By default every user of the machine may connect to a unix socket.",
    man: "systemd.socket(5)",
    find: ({ unit, service, addresses }) => {
      if (service?.program?.isNode !== true || valueOf(unit, "Socket", "SocketMode") !== undefined) return [];
      return addresses
        .filter((setting) => isPath(setting) && isStream(setting))
        .slice(0, 1)
        .map((setting) => ({
          at: setting,
          message: "its access mode is the default of 0666",
          fix: "SocketMode=0660 with SocketGroup=, or 0666 if that is meant",
        }));
    },
  },
  "reuse-port": {
    severity: "info",
    why: "The kernel divides connections among all sockets on the port. If no process reads from one of them, its share of the connections is lost.",
    man: "systemd.socket(5)",
    find: ({ unit }) => {
      const setting = valueOf(unit, "Socket", "ReusePort");
      return booleanOf(setting?.value) !== true
        ? []
        : [
            {
              at: setting!,
              message: "ReusePort= with a socket that stays open when its service stops",
              fix: "remove it, unless several sockets must share the port",
            },
          ];
    },
  },
  "order-cycle": {
    severity: "warning",
    why: "A socket with default dependencies is up before sockets.target, and ordinary services start after it. Every socket is up before its own service. If the socket waits for one of them, or sockets.target for the service, that is an ordering cycle: at boot systemd drops one of the jobs to break it.",
    man: "systemd.socket(5)",
    find: ({ unit, service, accepts, given }) => {
      // With Accept=yes, nothing starts the service together with its socket.
      const before = service === undefined || accepts ? [] : namesIn(service.unit, "Unit", "Before");
      const own = before
        .filter(({ name }) => name === unit.name)
        .map(({ setting }): Found => ({
          at: setting,
          message: `a service before ${unit.name}, which starts it`,
          fix: `After=${unit.name}`,
        }));
      if (service !== undefined && !accepts && service.sockets[0]?.unit === unit)
        own.push(...tooEarly(service));
      // Without [Install], nothing starts the socket at boot, together with the targets that make the cycle.
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
          fix: `take ${name} out of After=${name.endsWith(".target") ? ", Wants= and Requires=. For an address that comes later, write FreeBind=true under [Socket]" : ", and let the service have it"}`,
        }));
      return [...own, ...waiting];
    },
  },
  "socket-stops-along": {
    severity: "warning",
    why: "Each restart of the service also stops its socket. Meanwhile the port is closed, and clients that wait to be accepted are reset. With StopPropagatedFrom=, systemd 252 stops the socket only when the service stops for good.",
    man: "systemd.unit(5)",
    find: ({ unit, starts, accepts, service }) =>
      // An instance of a socket may belong to only one instance of the service.
      accepts || unitNameParts(unit.name).instance !== undefined
        ? []
        : namesIn(unit, "Unit", "PartOf", "BindsTo", "Requires", "StopPropagatedFrom")
            .filter(({ name }) => name === starts)
            .map(({ name, setting }) => ({
              at: setting,
              message: `${setting.key}=${name} in the socket that starts it`,
              fix: `take ${name} out of ${setting.key}=${service !== undefined && isRequiredBy(service, unit.name) ? "" : `, and write Requires=${unit.name} in the service`}`,
            })),
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
          fix: `take ${name} out of Conflicts=`,
        })),
  },
  "free-bind": {
    severity: "warning",
    why: "Sockets are opened early at boot. If the network interface does not have the address yet, bind fails (EADDRNOTAVAIL), and so does the socket.",
    man: "systemd.socket(5)",
    find: ({ unit, addresses }) =>
      socketValue(unit, "FreeBind") !== undefined
        ? []
        : addresses
            .filter((setting) => {
              const place = endpointOf(setting);
              return place !== undefined && isOfAnInterface(place);
            })
            .slice(0, 1)
            .map((setting) => ({
              at: setting,
              message: `${setting.key}=${setting.value} without FreeBind=true`,
              fix: "FreeBind=true",
              edits: addSetting(unit, "Socket", "FreeBind", "true"),
            })),
  },
  "defer-trigger": {
    severity: "warning",
    why: "systemd ignores DeferTrigger= with Accept=yes.",
    man: "systemd.socket(5)",
    find: ({ unit, accepts }) => {
      const setting = valueOf(unit, "Socket", "DeferTrigger");
      return setting === undefined || !accepts || booleanOf(setting.value) === false
        ? []
        : [{ at: setting, message: `DeferTrigger=${setting.value} with Accept=yes`, fix: "remove it" }];
    },
  },
  ...socketNamesRules,
};
