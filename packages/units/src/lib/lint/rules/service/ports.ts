import { misspelledSockets } from "../../subjects/misspelled.ts";
import { valueOf, valuesOf, type LoadedUnit, type Setting } from "../../../parse/load.ts";
import type { Program } from "../../subjects/program.ts";
import type { Rule } from "../../findings/finding.ts";
import { endpointOf, namesIn, type ServiceSubject, type SocketSubject } from "../../subjects/subjects.ts";
import { booleanOf } from "../../../systemd/booleans.ts";
import { inService, isActivatedNode, isApp, listeners, runsAsRoot } from "./settings.ts";
import { unitNameParts } from "../../../systemd/unit-names.ts";
import { addSetting, headerOf } from "../../findings/edits.ts";

/** The host ports that `docker run -p 8080:80` and similar commands publish. */
function publishedPorts(words: readonly string[]): string[] {
  return words.flatMap((word, index) => {
    const [, joined] = /^(?:-p|--publish)(?:=?(.+))?$/.exec(word) ?? [];
    const value = joined ?? (/^(?:-p|--publish)$/.test(word) ? words[index + 1] : undefined);
    return /(?:^|:)(\d+):\d+(?:\/tcp)?$/.exec(value ?? "")?.[1] ?? [];
  });
}

const isContainer = ({ name, words }: Program): boolean =>
  /^(?:docker|podman)$/.test(name) && words.includes("run");

/** The ports that the program is configured to listen on. */
function ownPorts({ program, environment }: ServiceSubject): { port: string; at: Setting }[] {
  const variable = environment.get("PORT");
  const words = program?.words ?? [];
  const told = words.findIndex((word) => /^--port(?:=\d+)?$/.test(word));
  const port = told < 0 ? undefined : (words[told]!.split("=")[1] ?? words[told + 1]);
  return [
    ...(variable !== undefined && /^\d+$/.test(variable.value)
      ? [{ port: variable.value, at: variable.setting }]
      : []),
    ...(port !== undefined && /^\d+$/.test(port) ? [{ port, at: program!.setting }] : []),
    ...(program !== undefined && isContainer(program)
      ? publishedPorts(words).map((published) => ({ port: published, at: program.setting }))
      : []),
  ];
}

/**
 * Whether starting the service also starts the socket: for RequiredBy=, systemctl enable adds a Requires= to
 * the service.
 */
function pulls({ unit }: SocketSubject, service: string): boolean {
  return [...namesIn(unit, "Unit", "BindsTo"), ...namesIn(unit, "Install", "RequiredBy", "WantedBy")].some(
    ({ name }) => name === service,
  );
}

/**
 * Whether Requires= and After= for the socket can be added safely: nothing else orders the two units, and
 * there is no second socket that could fail.
 */
function mayRequire({ unit, sockets, program, ordered }: ServiceSubject): boolean {
  const has = (one: LoadedUnit, keys: RegExp) =>
    [...(one.bySection.get("Unit")?.keys() ?? [])].some((key) => keys.test(key));
  const [socket] = sockets;
  return (
    // Another program may not use its socket, and must not fail with it.
    program?.isNode === true &&
    socket !== undefined &&
    sockets.length === 1 &&
    !socket.accepts &&
    !ordered.has(socket.unit.name) &&
    !has(socket.unit, /^(?:Before|BindsTo|Conflicts|DefaultDependencies|Requisite)$/) &&
    // network.target starts nothing and can't fail.
    namesIn(socket.unit, "Unit", "After", "Requires").every(({ name }) => name === "network.target") &&
    !has(unit, /^(?:Before|Conflicts|DefaultDependencies)$/) &&
    // An enabled service may open the port itself.
    namesIn(unit, "Install", "WantedBy", "RequiredBy", "UpheldBy").length === 0
  );
}

/**
 * The sockets of a template that only one instance gets. An instance of a socket starts the instance of the
 * service with the same name.
 */
function notPassed(service: ServiceSubject): string[] {
  if (unitNameParts(service.unit.name).instance !== "") return [];
  const named = new Set(namesIn(service.unit, "Service", "Sockets").map(({ name }) => name));
  return listeners(service)
    .map(({ unit }) => unit.name)
    .filter((name) => unitNameParts(name).instance !== "" && !named.has(name));
}

/**
 * Whether the service may open a host port below 1024. In a user namespace, the capability does not allow it.
 */
function hasCapability(unit: LoadedUnit): boolean {
  const users = inService(unit, "PrivateUsers")?.value;
  return (
    (users === undefined || booleanOf(users) === false) &&
    valuesOf(unit, "Service", "AmbientCapabilities").some(
      ({ value }) => !value.startsWith("~") && /\bCAP_NET_BIND_SERVICE\b/i.test(value),
    )
  );
}

const isLow = (port: string): boolean => Number(port) > 0 && Number(port) < 1024;

export type PortsCode =
  | "requires-missing"
  | "sockets-missing"
  | "names-missing"
  | "standard-input-socket"
  | "port-twice"
  | "port-privileged"
  | "port-of-user";

/** The sockets that a service gets, and the ports that it opens itself. */
export const portsRules: Readonly<Record<PortsCode, Rule<ServiceSubject>>> = {
  "requires-missing": {
    severity: "warning",
    why: "If you start the service yourself, or another unit starts it at boot, its socket may not be open. The service then gets no socket, and opens the port itself or fails.",
    man: "systemd.socket(5)",
    find: (service) => {
      const { unit } = service;
      // A daemon that only its socket or D-Bus starts does not need it.
      if (!isApp(service)) return [];
      const pulled = new Set([
        ...namesIn(unit, "Unit", "Requires", "BindsTo", "Requisite", "Wants").map(({ name }) => name),
        ...namesIn(unit, "Service", "Sockets").map(({ name }) => name),
      ]);
      // Sockets= also starts a socket, so adding it fixes both.
      const unnamed = new Set(notPassed(service));
      const after = new Set(namesIn(unit, "Unit", "After").map(({ name }) => name));
      return listeners(service)
        .filter((socket) => !pulls(socket, unit.name) && misspelledSockets(unit, socket).length === 0)
        .map((socket) => socket.unit.name)
        .filter((name) => !pulled.has(name) && !unnamed.has(name))
        .map((name) => ({
          at: headerOf(unit, "Unit"),
          message: `the service does not require ${name}`,
          fix: `Requires=${name} and After=${name}`,
          edits: mayRequire(service)
            ? [
                ...addSetting(unit, "Unit", "Requires", name),
                ...(after.has(name) ? [] : addSetting(unit, "Unit", "After", name)),
              ]
            : [],
        }));
    },
  },
  "sockets-missing": {
    severity: "warning",
    why: "A service gets the sockets that start it. It gets other sockets, such as those of another instance, only if Sockets= names them.",
    man: "systemd.service(5)",
    find: (service) => {
      const { unit } = service;
      if (!isApp(service)) return [];
      return notPassed(service).map((name) => ({
        at: headerOf(unit, "Service"),
        message: `other instances do not get ${name}`,
        // If two instances have different ports, Sockets= would pass both ports to both.
        fix: `Sockets=${name}, if it is for all instances`,
      }));
    },
  },
  "names-missing": {
    severity: "info",
    why: "By default, a socket has the name of its unit. With several sockets, choose names that distinguish them.",
    man: "systemd.socket(5)",
    find: (service) => {
      const own = listeners(service);
      if (own.length < 2 || service.program?.isNode !== true) return [];
      return own
        .filter(({ unit }) => valueOf(unit, "Socket", "FileDescriptorName") === undefined)
        .map(({ unit }) => {
          const app = unitNameParts(service.unit.name).prefix;
          const name = unitNameParts(unit.name)
            .prefix.replace(`${app}-`, "")
            .replace(/[^\w.-]/g, "_");
          return {
            at: headerOf(unit, "Socket"),
            message: "it is one of several sockets and has no name",
            fix: `FileDescriptorName=${name}`,
          };
        });
    },
  },
  "standard-input-socket": {
    severity: "error",
    why: "The socket becomes standard input, and LISTEN_FDS is not set, so your app does not find the socket.",
    man: "systemd.exec(5)",
    find: (service) => {
      const setting = inService(service.unit, "StandardInput");
      return setting?.value !== "socket" || !isActivatedNode(service)
        ? []
        : [
            {
              at: setting,
              message: "StandardInput=socket without Accept=yes",
              fix: "remove it",
            },
          ];
    },
  },
  "port-twice": {
    severity: "info",
    why: "The socket unit already listens on this port. An app with sockact uses that socket, whatever the port. Another app that opens the port itself fails (EADDRINUSE).",
    man: "systemd.socket(5)",
    find: (service) => {
      const taken = new Set(
        listeners(service).flatMap(({ addresses }) => addresses.map((address) => endpointOf(address)?.port)),
      );
      return ownPorts(service)
        .filter(({ port }) => taken.has(port))
        .map(({ port, at }) => ({
          at,
          message: `the socket unit already has port ${port}`,
          fix:
            service.program !== undefined && isContainer(service.program) && at === service.program.setting
              ? "remove -p and let the app take the socket, which Podman passes on and Docker does not; or remove the socket unit"
              : "remove it: the app listens on the passed socket",
        }));
    },
  },
  "port-privileged": {
    severity: "error",
    why: "Only root may open ports below 1024 (EACCES), unless the service has a capability or a socket unit that opens them. With PrivateUsers= the capability does not apply to the ports of the host.",
    man: "capabilities(7)",
    find: (service) => {
      const { unit } = service;
      if (runsAsRoot(service) || listeners(service).length > 0) return [];
      if (hasCapability(unit)) return [];
      return ownPorts(service)
        .filter(({ port }) => isLow(port))
        .map(({ port, at }) => ({
          at,
          message: `the service may not open port ${port}`,
          fix: `${unit.name.replace(/service$/, "socket")} with ListenStream=${port}, or AmbientCapabilities=CAP_NET_BIND_SERVICE without PrivateUsers=`,
          inDescription: { fix: "choose a port from 1024, or write bind: 'socket' or bind: 'capability'" },
        }));
    },
  },
  "port-of-user": {
    severity: "info",
    why: "A user's service manager may not open ports below 1024 (EACCES), unless net.ipv4.ip_unprivileged_port_start is lower. The socket unit does not start.",
    man: "ip(7)",
    find: ({ user, sockets }) =>
      !user
        ? []
        : sockets
            .flatMap(({ addresses }) => addresses)
            .filter((setting) => isLow(endpointOf(setting)?.port ?? ""))
            .map((setting) => ({
              at: setting,
              message: `${setting.key}=${setting.value} in a user unit`,
              fix: "a port from 1024, or system units",
            })),
  },
};
