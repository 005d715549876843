import { added, addedFor, asked, askedOr, type Line, type Section } from "../../write/lines.ts";
import {
  commandsAfter,
  commandsBefore,
  conditions,
  dependencies,
  logs,
  resources,
  serviceDirectives,
  surroundings,
  times,
} from "../../read/fields/service-directives.ts";
import { idleVariableLines, restartLines, startLimitLine } from "./restarts.ts";
import { runsAsDynamicUser, type Service } from "../../read/service.ts";
import { member } from "../../problems.ts";
import { reasonsOf } from "../../write/reasons.ts";
import { notifySocket } from "../../read/fields/arrangement.ts";

const addedForJournal = addedFor(reasonsOf.journal);

/** The lines that a port method adds to the service unit, by their place. */
export type ServiceParts = Record<
  "type" | "requires" | "after" | "command" | "commandAfter" | "environment" | "own" | "sandbox" | "install",
  Line[]
>;

type LinesOf = (field: keyof typeof serviceDirectives) => Line[];

const linesOfService =
  ({ values }: Service): LinesOf =>
  (field) =>
    asked(serviceDirectives[field].key, values[field], field);

const linesOfAll = (linesOf: LinesOf, table: object): Line[] =>
  (Object.keys(table) as (keyof typeof serviceDirectives)[]).flatMap(linesOf);

/** The [Unit] section of a service, or of a container that becomes a service. */
export function unitSection(
  service: Service,
  { requires, after }: Pick<ServiceParts, "requires" | "after">,
): Section {
  const { name, values, arrangement } = service;
  const linesOf = linesOfService(service);
  const perConnection = arrangement.kind === "accept";
  const instances = arrangement.kind === "template" || perConnection;
  return {
    name: "Unit",
    lines: [
      ...askedOr("Description", values.description, "description", instances ? `${name} %i` : name),
      ...linesOf("documentation"),
      ...linesOfAll(linesOf, conditions),
      ...requires,
      ...linesOfAll(linesOf, dependencies),
      ...after,
      ...linesOf("after"),
      ...linesOf("onFailure"),
      perConnection ? added("CollectMode", "inactive-or-failed") : startLimitLine(service),
    ],
  };
}

/** Lines about restarts and timeouts. */
export function lifetimeLines(service: Service): Line[] {
  const { values } = service;
  const linesOf = linesOfService(service);
  return [
    ...restartLines(service),
    ...linesOfAll(linesOf, times),
    ...service.handover.limits,
    ...(service.stopTimeout === undefined
      ? linesOf("timeoutStopSec")
      : askedOr("TimeoutStopSec", values.timeoutStopSec, "timeoutStopSec", service.stopTimeout)),
  ];
}

/** The line for OOMPolicy=. A handover has its own. */
function memoryLines({ values: { memoryMax, oomPolicy }, handover }: Service): Line[] {
  const isDecided = oomPolicy.length > 0 || handover.limits.some(({ key }) => key === "OOMPolicy");
  return memoryMax.length === 0 || isDecided ? [] : [added("OOMPolicy", "continue")];
}

/** The field of each line is the entry of its variable. */
export const environmentLines = (values: readonly string[]): Line[] =>
  values.flatMap((value) => asked("Environment", [value], member("environment", /\w+/.exec(value)![0])));

export function serviceSections(service: Service, parts: ServiceParts): Section[] {
  const { values, arrangement, inetd } = service;
  const linesOf = linesOfService(service);
  return [
    unitSection(service, parts),
    {
      name: "Service",
      lines: [
        ...parts.type,
        ...(service.notifies ? askedOr("NotifyAccess", values.notifyAccess, "notifyAccess", "main") : []),
        ...(service.openFile
          ? [
              added("OpenFile", `${notifySocket(arrangement)}:notify`),
              addedForJournal("OpenFile", "/run/systemd/journal/socket:journal:graceful"),
            ]
          : []),
        ...linesOfAll(linesOf, commandsBefore),
        ...linesOf("exec"),
        ...parts.command,
        ...linesOfAll(linesOf, commandsAfter),
        ...service.handover.command,
        ...parts.commandAfter,
        ...linesOf("user"),
        ...(runsAsDynamicUser(arrangement.manager, values) ? [added("DynamicUser", "yes")] : []),
        ...linesOf("group"),
        ...linesOf("supplementaryGroups"),
        ...service.workingDirectory,
        ...environmentLines(values.environment),
        ...service.nodeEnvironment,
        ...service.preloadMap,
        ...service.proxyProtocol,
        ...parts.environment,
        ...linesOfAll(linesOf, surroundings),
        ...linesOf("drainTimeout"),
        ...linesOf("idleTimeout"),
        ...linesOf("handoverTimeout"),
        ...service.handover.environment,
        ...linesOf("health"),
        ...idleVariableLines(service),
        ...(inetd
          ? [
              added("StandardInput", "socket"),
              ...askedOr("StandardOutput", values.standardOutput, "standardOutput", "socket"),
              ...askedOr("StandardError", values.standardError, "standardError", "journal"),
            ]
          : [...linesOf("standardOutput"), ...linesOf("standardError")]),
        ...linesOfAll(linesOf, logs),
        ...lifetimeLines(service),
        ...linesOf("watchdogSec"),
        ...parts.own,
        ...linesOfAll(linesOf, resources),
        ...memoryLines(service),
        ...service.folders,
        ...service.handover.folder,
        ...service.compileCache,
        ...service.credentials,
        ...linesOf("importCredentials"),
        ...service.nodeOptions,
        ...parts.sandbox,
        ...linesOf("readWritePaths"),
      ],
    },
    { name: "Install", lines: parts.install },
  ];
}
