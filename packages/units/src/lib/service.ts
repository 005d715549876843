import type { AppDescription, Hardening } from "./description.ts";
import { unescapedUnitName } from "./escape.ts";
import { readFields, type Asked, type Directive } from "./fields.ts";
import { sandbox } from "./hardening.ts";
import { liesInHome, refuseTemporary } from "./places.ts";
import type { UnitProblem } from "./problems.ts";
import { environment, exec } from "./program.ts";
import * as read from "./readers.ts";
import { added, asked, askedOr, type Line, type Section } from "./unit-text.ts";

type ServiceField = Exclude<keyof AppDescription, "sockets">;

const directives: Record<Exclude<ServiceField, "name" | "hardening">, Directive> = {
  description: { key: "Description", read: read.sentence },
  documentation: { key: "Documentation", read: read.each(read.documentationURI) },
  requires: { key: "Requires", read: read.each(read.unitName) },
  wants: { key: "Wants", read: read.each(read.unitName) },
  after: { key: "After", read: read.each(read.unitName) },
  type: { key: "Type", read: read.oneOf(["simple", "exec", "notify", "notify-reload", "idle"]) },
  exec: { key: "ExecStart", read: exec },
  user: { key: "User", read: read.account },
  group: { key: "Group", read: read.account },
  workingDirectory: { key: "WorkingDirectory", read: read.directory },
  environment: { key: "Environment", read: environment },
  restart: {
    key: "Restart",
    read: read.oneOf(["no", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort", "always"]),
  },
  restartSec: { key: "RestartSec", read: read.duration },
  readWritePaths: { key: "ReadWritePaths", read: read.each(read.quotedPath) },
  wantedBy: { key: "WantedBy", read: read.each(read.unitName) },
};

const readHardening = read.oneOf(["none", "outbound", "inbound"]);

/** The service of a description, each value as its unit file has it. */
export interface Service {
  name: string;
  values: Asked<keyof typeof directives>;
  sandbox: Line[];
}

/** Reads the service out of a description; what it returns is of use only if no problem was reported. */
export function readService(description: Record<string, unknown>, problems: UnitProblem[]): Service {
  const { hardening = "outbound", name } = description;
  const [checkedName = ""] = read.name(name, "name", problems);
  const values = readFields(directives, ["name", "sockets", "hardening"], description, "", problems);
  if (description.exec === undefined) exec(undefined, "exec", problems);
  const [level = "none"] = readHardening(hardening, "hardening", problems) as [Hardening?];
  const dynamicUser = values.user.length === 0;
  if (dynamicUser || level !== "none") refuseTemporary(description, problems);
  return {
    name: checkedName,
    values,
    sandbox: sandbox({
      hardening: level,
      name: checkedName,
      dynamicUser,
      inHome: liesInHome(description),
      notifies: values.type[0]?.startsWith("notify") === true,
      hasHome: Object.hasOwn(description.environment ?? {}, "HOME"),
    }),
  };
}

/** The sections of the service's unit file. */
export function serviceSections(
  { name, values, sandbox: sandboxLines }: Service,
  socketUnits: readonly string[],
): Section[] {
  const say = (field: keyof typeof directives): Line[] => asked(directives[field].key, values[field]);
  const dynamicUser = values.user.length === 0;
  const restarts = values.restart[0] !== "no";
  return [
    {
      name: "Unit",
      lines: [
        ...askedOr("Description", values.description, name),
        ...say("documentation"),
        ...socketUnits.map((unit) => added("Requires", unit)),
        ...say("requires"),
        ...say("wants"),
        ...socketUnits.map((unit) => added("After", unit)),
        ...say("after"),
        added("StartLimitIntervalSec", "0"),
      ],
    },
    {
      name: "Service",
      lines: [
        ...say("type"),
        ...say("exec"),
        ...say("user"),
        ...(dynamicUser ? [added("DynamicUser", "yes")] : []),
        ...say("group"),
        ...say("workingDirectory"),
        ...say("environment"),
        ...askedOr("Restart", values.restart, "on-failure"),
        ...(restarts ? askedOr("RestartSec", values.restartSec, "1s") : say("restartSec")),
        added("NonBlocking", "true"),
        ...(socketUnits.length > 1
          ? socketUnits.map((unit) => added("Sockets", unescapedUnitName(unit)))
          : []),
        ...sandboxLines,
        ...say("readWritePaths"),
      ],
    },
    {
      name: "Install",
      lines: [...say("wantedBy"), ...socketUnits.map((unit) => added("Also", unescapedUnitName(unit)))],
    },
  ];
}
