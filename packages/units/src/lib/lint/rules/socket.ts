import { valueOf, valuesOf } from "../../parse/load.ts";
import type { SocketAmongOthers } from "../subjects/conflicts.ts";
import type { Rule } from "../findings/finding.ts";
import { conditionOf, restartDelay, restartsAfter, slowerRestarts } from "../subjects/restarts.ts";
import { isGiven } from "../subjects/given.ts";
import type { ServiceSubject } from "../subjects/subjects.ts";
import { booleanOf } from "../../systemd/booleans.ts";
import { timeSpanOf } from "../../systemd/time-spans.ts";
import { wholeOf } from "../../systemd/amounts.ts";
import { templateOf } from "../../systemd/unit-names.ts";
import { headerOf, replaceSetting } from "../findings/edits.ts";
import { isApp, isAppServer } from "./service/settings.ts";
import { socketAddressesRules, type SocketAddressesCode } from "./socket-addresses.ts";
import { socketBootRules, type SocketBootCode } from "./socket-boot.ts";
import { socketNamesRules, type SocketNamesCode } from "./socket-names.ts";
import { isPath } from "./socket-settings.ts";

/** Whether the service reads a connection from standard input. */
const isInetd = ({ unit }: ServiceSubject): boolean =>
  valueOf(unit, "Service", "StandardInput")?.value.startsWith("socket") === true;

export type SocketCode =
  | "listen-missing"
  | "service-missing"
  | "accept-impossible"
  | "clients-blocked"
  | "trigger-limit"
  | "trigger-limit-low"
  | "accept-server"
  | "defer-trigger"
  | SocketAddressesCode
  | SocketBootCode
  | SocketNamesCode;

export const socketRules: Readonly<Record<SocketCode, Rule<SocketAmongOthers>>> = {
  "listen-missing": {
    severity: "error",
    why: "systemd does not load a socket unit without an address.",
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
    why: "systemd does not start a socket without its service. By default, app.socket starts app.service. With Accept=yes, it starts an instance of the template app@.service.",
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
            : `name the service ${templateOf(starts) ?? starts}, or set Service= to its name`,
          // A server needs the socket itself. Another program's template may be elsewhere.
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
            fix: [{ Accept: "no" }, ", or ", { ListenStream: "" }],
          })),
      ];
    },
  },
  "clients-blocked": {
    severity: "error",
    why: "IPAddressDeny= in the socket unit blocks clients. In the service, it does not apply to passed sockets. PrivateNetwork= in the socket unit opens the ports in a separate network that no client reaches.",
    man: "systemd.resource-control(5)",
    find: ({ unit, addresses, given }) => {
      const network = valueOf(unit, "Socket", "PrivateNetwork");
      if (
        booleanOf(network?.value) === true &&
        !addresses.every(isPath) &&
        !given.all.some(({ settings }) => settings.some(({ key }) => key === "JoinsNamespaceOf"))
      )
        return [
          {
            at: network!,
            message: `PrivateNetwork=${network!.value} in a socket`,
            fix: "move it to the service, which still gets its sockets",
          },
        ];
      if (valuesOf(unit, "Socket", "IPAddressAllow").length > 0) return [];
      return valuesOf(unit, "Socket", "IPAddressDeny")
        .filter(({ value }) => /(?:^|\s)(?:any|0\.0\.0\.0\/0|::\/0)(?:\s|$)/.test(value))
        .map((setting) => ({
          at: setting,
          message: `IPAddressDeny=${setting.value} in a socket`,
          fix: "move it to the service, which has the same sockets",
        }));
    },
  },
  "trigger-limit": {
    severity: "warning",
    why: "By default, a socket fails after it has started its service twenty times in two seconds, or 200 times with Accept=yes. That happens if the service exits within a tenth of a second without accepting, and Restart= does not apply. The port is then closed until you start the socket.",
    man: "systemd.socket(5)",
    find: ({ unit, service, accepts }) => {
      const set = ["TriggerLimitIntervalSec", "TriggerLimitBurst"].some((key) =>
        valueOf(unit, "Socket", key),
      );
      if (set || accepts || service?.program?.isNode !== true) return [];
      const isBound = restartsAfter(service.unit, 0) && restartsAfter(service.unit, 1);
      // Each restart counts, but ten restarts a second do not reach the limit.
      if (isBound && restartDelay(service.unit) >= 100) return [];
      return [
        {
          at: headerOf(unit, "Socket"),
          message: "the default trigger limit applies",
          // Without the limit, systemd would endlessly repeat a start that a condition prevents.
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
              fix: "TriggerLimitIntervalSec=0, or a few seconds",
            },
          ];
    },
  },
  "accept-server": {
    severity: "info",
    why: "With Accept=yes, systemd starts a process for each connection, and passes it only that connection. An app with sockact or its preload serves the connection. Any other server waits for a listening socket that it does not get. Each start of Node takes 40 ms or more.",
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
  ...socketAddressesRules,
  ...socketBootRules,
  ...socketNamesRules,
};
