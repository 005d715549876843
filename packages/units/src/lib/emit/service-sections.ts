import { notifySocket } from "../read/user-manager.ts";
import { added, asked, askedOr, type Line, type Section } from "../write/unit-text.ts";
import {
  commandsAfter,
  commandsBefore,
  conditions,
  dependencies,
  logs,
  resources,
  surroundings,
  times,
} from "./service-directives.ts";
import { idleVariable, restartLines, startLimit } from "./restarts.ts";
import { directives, runsAsDynamicUser, type Service } from "./service.ts";
/** What the way to the port writes into the service's unit, by where it stands. */
export type Parts = Record<
  "type" | "requires" | "after" | "command" | "commandAfter" | "environment" | "own" | "sandbox" | "install",
  Line[]
>;

type Say = (field: keyof typeof directives) => Line[];

const sayer =
  ({ values }: Service): Say =>
  (field) =>
    asked(directives[field].key, values[field]);

const sayAll = (say: Say, table: object): Line[] =>
  (Object.keys(table) as (keyof typeof directives)[]).flatMap(say);

/** The [Unit] section of a service, or of a container that becomes one. */
export function unitSection(
  service: Service,
  { requires, after }: Pick<Parts, "requires" | "after">,
): Section {
  const { name, values, arrangement } = service;
  const say = sayer(service);
  const perConnection = arrangement.kind === "accept";
  const instances = arrangement.kind === "template" || perConnection;
  return {
    name: "Unit",
    lines: [
      ...askedOr("Description", values.description, instances ? `${name} %i` : name),
      ...say("documentation"),
      ...sayAll(say, conditions),
      ...requires,
      ...sayAll(say, dependencies),
      ...after,
      ...say("after"),
      ...say("onFailure"),
      perConnection ? added("CollectMode", "inactive-or-failed") : startLimit(service),
    ],
  };
}

/** When it is started again, and how long things may take. */
export function lifeLines(service: Service): Line[] {
  const { values } = service;
  const say = sayer(service);
  return [
    ...restartLines(service),
    ...sayAll(say, times),
    ...(service.stopTimeout === undefined
      ? say("timeoutStopSec")
      : askedOr("TimeoutStopSec", values.timeoutStopSec, service.stopTimeout)),
  ];
}

/** The sections of the service's unit file. */
export function serviceSections(service: Service, parts: Parts): Section[] {
  const { values, arrangement, inetd } = service;
  const say = sayer(service);
  return [
    unitSection(service, parts),
    {
      name: "Service",
      lines: [
        ...parts.type,
        ...(service.notifies ? askedOr("NotifyAccess", values.notifyAccess, "main") : []),
        ...(service.openFile ? [added("OpenFile", `${notifySocket(arrangement)}:notify`)] : []),
        ...sayAll(say, commandsBefore),
        ...say("exec"),
        ...parts.command,
        ...sayAll(say, commandsAfter),
        ...parts.commandAfter,
        ...say("user"),
        ...(runsAsDynamicUser(arrangement.manager, values) ? [added("DynamicUser", "yes")] : []),
        ...say("group"),
        ...say("supplementaryGroups"),
        ...service.workingDirectory,
        ...say("environment"),
        ...service.nodeEnvironment,
        ...parts.environment,
        ...sayAll(say, surroundings),
        ...say("drainTimeout"),
        ...say("idleTimeout"),
        ...idleVariable(service),
        ...(inetd
          ? [
              added("StandardInput", "socket"),
              ...askedOr("StandardOutput", values.standardOutput, "socket"),
              ...askedOr("StandardError", values.standardError, "journal"),
            ]
          : [...say("standardOutput"), ...say("standardError")]),
        ...sayAll(say, logs),
        ...lifeLines(service),
        ...say("watchdogSec"),
        ...parts.own,
        ...sayAll(say, resources),
        ...service.folders,
        ...service.compileCache,
        ...service.credentials,
        ...say("importCredentials"),
        ...service.jitless,
        ...parts.sandbox,
        ...say("readWritePaths"),
      ],
    },
    { name: "Install", lines: parts.install },
  ];
}
