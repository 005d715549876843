import { isObject, objectOf, readFields, type Asked, type Directive } from "../../read/fields/fields.ts";
import { booleanOf } from "../../systemd/booleans.ts";
import { durationOf } from "@sockact/shared/durations";
import { conflictsIn, shown, type UnitProblem } from "../../problems.ts";
import { stopTimeout } from "../../read/conflicts/lifecycle.ts";
import { containerExec } from "../../read/fields/commands.ts";
import * as read from "../../read/values/readers.ts";
import { reasonsOf } from "../../write/reasons.ts";
import { unescapedUnitName } from "../../systemd/escaping.ts";
import { added, addedFor, asked, type Line } from "../../write/lines.ts";
import type { ContainerDescription } from "../../description/container.ts";
import type { Service } from "../../read/service.ts";
import { idleVariableLines } from "../sections/restarts.ts";
import { environmentLines, lifetimeLines, unitSection } from "../sections/service.ts";
import {
  defaultParts,
  forEachSocket,
  reportFields,
  reportSplitName,
  socketUnit,
  type PortMethod,
} from "./port-method.ts";

const addedToContainer = addedFor(reasonsOf.container);

const directives: Record<keyof ContainerDescription, Directive> = {
  image: {
    key: "Image",
    read: read.rawText(
      read.matching(
        "SOCKACT_ERR_UNIT_NAME",
        /^(?:(?:localhost|[a-zA-Z\d-]+(?:\.[a-zA-Z\d-]+)+(?::\d+)?|[a-zA-Z\d-]+:\d+)(?:\/[a-z\d._-]+)+(?::[\w.-]+)?(?:@sha256:[\da-f]{64})?|[\w.@-]+\.(?:image|build))$/,
        "not the full name of an image",
        "with its registry: localhost/shop:1, docker.io/library/node:24",
      ),
    ),
  },
  // Podman's generator also writes the folder into RequiresMountsFor=, without quotes.
  volumes: {
    key: "Volume",
    read: read.each(
      read.rawText(
        read.matching(
          "SOCKACT_ERR_UNIT_PATH",
          /^(?:\/[^:\s"'\\$]*|[\w.-]+):\/[^:\s"'\\$]*(?::[\w,=-]+)?$/,
          "not a volume",
          "a folder of the host or a name, a folder of the container, and options, without spaces, quotes, \\ or $: /srv/data:/data:ro",
        ),
      ),
    ),
  },
  userNS: {
    key: "UserNS",
    read: read.rawText(
      read.matching(
        "SOCKACT_ERR_UNIT_NAME",
        /^[\w:=,@/-]+$/,
        "not a user namespace",
        "as for --userns of podman-run(1): auto",
      ),
    ),
  },
  podmanArgs: { key: "PodmanArgs", read: containerExec },
};

/** The fields of a description that this method can write. */
const keptFields = [
  ..."acknowledge name exec sockets bind backend container healthSocket hardening manager systemd raw".split(
    " ",
  ),
  ..."description documentation conditionPathExists requiresMountsFor".split(" "),
  ..."requires wants bindsTo partOf conflicts before after onFailure wantedBy".split(" "),
  ..."type user group workingDirectory environment environmentFile drainTimeout idleTimeout health preload".split(
    " ",
  ),
  ..."restart restartSec restartSteps restartMaxDelaySec restartPreventExitStatus successExitStatus".split(
    " ",
  ),
  ..."timeoutStartSec timeoutStopSec runtimeMaxSec".split(" "),
];

/** Podman's generator copies these values into ExecStart=, where systemd expands variables. */
const escapeVariables = (values: readonly string[]): string[] =>
  values.map((value) => value.replaceAll("$", "$$$$"));

/** The time until Podman kills the container, in integer seconds of 32 bits. */
function stopSeconds(service: Service, { timeoutStopSec }: Record<string, unknown>): string[] {
  const stop = durationOf(timeoutStopSec) ?? durationOf(service.stopTimeout);
  return stop === undefined ? [] : [String(Math.min(Math.ceil(stop / 1000), 2_147_483_647))];
}

/** The entries of `environmentFile`: each is a path, or an object with the path. */
const filesOf = ({ environmentFile }: Record<string, unknown>): unknown[] =>
  environmentFile === undefined ? [] : [environmentFile].flat();

/**
 * Podman splits EnvironmentFile= into words, as it does Exec=. systemd takes the rest of the line as the
 * path.
 */
function environmentFileLines(description: Record<string, unknown>): Line[] {
  const ignored: UnitProblem[] = [];
  const paths = filesOf(description).map((file) =>
    isObject(file) && Object.hasOwn(file, "path") ? file.path : file,
  );
  return paths.flatMap((path) =>
    asked("EnvironmentFile", containerExec([path], "environmentFile", ignored), "environmentFile"),
  );
}

function containerLines(
  service: Service,
  description: Record<string, unknown>,
  own: Asked<keyof ContainerDescription>,
): Line[] {
  const { values, sandbox, notifies } = service;
  const { profile } = sandbox;
  const linesOf = (field: keyof ContainerDescription) =>
    asked(directives[field].key, own[field], `container.${field}`);
  return [
    ...linesOf("image"),
    ...asked("Exec", values.exec, "exec"),
    ...asked("User", escapeVariables(values.user), "user"),
    ...asked("Group", escapeVariables(values.group), "group"),
    ...linesOf("userNS"),
    ...asked("WorkingDir", escapeVariables(values.workingDirectory), "workingDirectory"),
    ...[
      ...environmentLines(values.environment),
      ...asked("Environment", values.drainTimeout, "drainTimeout"),
      ...asked("Environment", values.idleTimeout, "idleTimeout"),
      ...asked("Environment", values.health, "health"),
      ...service.preloadMap,
      ...service.proxyProtocol,
      ...service.nodeOptions,
    ].map((line) => ({ ...line, value: escapeVariables([line.value])[0]! })),
    ...idleVariableLines(service),
    ...environmentFileLines(description),
    ...linesOf("volumes"),
    ...(notifies ? [addedToContainer("Notify", "true")] : []),
    ...(profile === "inbound" ? [addedToContainer("Network", "none")] : []),
    ...(profile === "none"
      ? []
      : [
          addedToContainer("ReadOnly", "true"),
          addedToContainer("DropCapability", "all"),
          addedToContainer("NoNewPrivileges", "true"),
        ]),
    ...stopSeconds(service, description).map((text) =>
      addedToContainer("PodmanArgs", `--stop-timeout=${text}`),
    ),
    ...linesOf("podmanArgs"),
  ];
}

const isYes = (value: unknown): boolean => booleanOf(String(value)) === true;

/** Raw directives that the linter would check in a service: the section, the wrong values, and why. */
const wrongInService: readonly (readonly [string, string, (value: unknown) => boolean, string])[] = [
  ["Service", "RemainAfterExit", isYes, "no connection would start a program that has exited"],
  ["Service", "PrivatePIDs", isYes, "the process ID would not be the one in LISTEN_PID"],
  ["Unit", "StopWhenUnneeded", isYes, "for systemd, a socket does not need its service"],
  [
    "Unit",
    "PropagatesStopTo",
    (value) => /\.socket(?:\s|$)/.test(String(value)),
    "each stop of the service would close the port",
  ],
];

/** Reports fields that do not fit together. The linter does not read .container files. */
function reportForPodman(description: Record<string, unknown>, problems: UnitProblem[]): void {
  const { drainTimeout, timeoutStopSec, manager, wantedBy, raw } = description;
  const report = conflictsIn(problems);
  for (const [section, key, isWrong, why] of wrongInService) {
    const lines = isObject(raw) ? raw[section] : undefined;
    if (isObject(lines) && [lines[key]].flat().some(isWrong))
      report(`raw.${section}.${key}`, why, "leave it out");
  }
  const [drain, stop] = [durationOf(drainTimeout), durationOf(timeoutStopSec)];
  if (drain !== undefined && stop !== undefined && stop <= drain && stop !== Infinity)
    report(
      "timeoutStopSec",
      `Podman would kill the app while it drains for ${shown(drainTimeout)}`,
      `write ${shown(stopTimeout(drainTimeout))}, or leave it out`,
    );
  if (manager === "user" && Array.isArray(wantedBy) && wantedBy.includes("multi-user.target"))
    report("wantedBy", "a user's service manager has no unit multi-user.target", "write 'default.target'");
}

/** systemd passes the sockets to Podman, and Podman passes them to the container. */
export const container: PortMethod = {
  report(description, problems) {
    const { container: own, type } = description;
    const lost = Object.keys(description).filter((field) => !keptFields.includes(field));
    reportFields(
      description,
      lost,
      "",
      ["it does not apply to a container", "leave it out, or write Podman's own directive in raw"],
      problems,
    );
    if (isObject(description.hardening)) {
      const single = Object.keys(description.hardening).filter((field) => field !== "profile");
      reportFields(
        description.hardening,
        single,
        "hardening",
        ["a container has its own sandbox", "leave it out, or write Podman's own directive in raw"],
        problems,
      );
    }
    if (type === "idle" || type === "notify-reload") {
      const hint = "write 'notify', or leave it out";
      reportFields(
        description,
        ["type"],
        "",
        [`${shown(type)} is not a type that Podman supports`, hint],
        problems,
      );
    }
    for (const [index, file] of filesOf(description).entries()) {
      const at = Array.isArray(description.environmentFile) ? `environmentFile[${index}]` : "environmentFile";
      if (isObject(file))
        reportFields(
          file,
          ["optional"],
          at,
          ["Podman does not start a container without the file", "leave it out, and create the file"],
          problems,
        );
    }
    forEachSocket(description, (socket, path) =>
      reportFields(
        socket,
        ["accept"],
        path,
        ["Podman runs one container for all connections, not one for each connection", "leave it out"],
        problems,
      ),
    );
    reportSplitName(description, problems);
    reportForPodman(description, problems);
    const given = objectOf(own, "container", "write { image: 'localhost/shop:1' }", problems);
    if (given === undefined) return;
    readFields(directives, [], given, "container", problems);
    if (given.image === undefined) {
      problems.push({
        code: "SOCKACT_ERR_UNIT_MISSING",
        path: "container.image",
        message: "it is missing",
        hint: "name the image: 'localhost/shop:1'",
      });
    }
  },
  units(service, sockets, description) {
    const { name } = service;
    const units = sockets.map(({ unit }) => unit);
    const ignored: UnitProblem[] = [];
    const own = readFields(
      directives,
      [],
      description.container as Record<string, unknown>,
      "container",
      ignored,
    );
    return [
      ...sockets.map((socket) => socketUnit(socket, service)),
      {
        unit: `${name}.container`,
        raw: service.raw,
        sections: [
          unitSection(service, {
            requires: units.map((unit) => added("Requires", unit)),
            after: units.map((unit) => added("After", unit)),
          }),
          { name: "Container", lines: containerLines(service, description, own) },
          {
            name: "Service",
            lines: [
              ...lifetimeLines(service),
              added("NonBlocking", "true"),
              ...(units.length > 1 ? units.map((unit) => added("Sockets", unescapedUnitName(unit))) : []),
            ],
          },
          { name: "Install", lines: defaultParts(service).install },
        ],
      },
    ];
  },
};
