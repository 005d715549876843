import { valueOf, valuesOf, type Setting } from "../../parse/load.ts";
import { unitNameParts } from "../../parse/specifiers.ts";
import { added, headerOf, replaced, type Rule } from "../finding.ts";
import { portOf } from "../socket-rules.ts";
import { namesIn, type ServiceSubject } from "../subjects.ts";
import { inService, listeners, isActivatedNode, runsAsRoot } from "./settings.ts";

/** The ports that the program is told to listen on by itself. */
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
  ];
}

/** The codes of these rules. */
export type PortsCode =
  | "requires-missing"
  | "sockets-missing"
  | "names-missing"
  | "standard-input-socket"
  | "port-twice"
  | "port-privileged";

/** The sockets that a service is passed, and the ports that it opens. */
export const portsRules: Readonly<Record<PortsCode, Rule<ServiceSubject>>> = {
  "requires-missing": {
    severity: "warning",
    why: "Started by hand or at boot, the service does not get its socket, and may take the port itself.",
    man: "systemd.socket(5)",
    find: (service) => {
      const { unit } = service;
      const pulled = new Set([
        ...namesIn(unit, "Unit", "Requires", "BindsTo", "Requisite", "Wants").map(({ name }) => name),
        ...namesIn(unit, "Service", "Sockets").map(({ name }) => name),
      ]);
      const after = new Set(namesIn(unit, "Unit", "After").map(({ name }) => name));
      return listeners(service)
        .filter((socket) => !namesIn(socket.unit, "Unit", "BindsTo").some(({ name }) => name === unit.name))
        .map((socket) => socket.unit.name)
        .filter((name) => !pulled.has(name))
        .map((name) => ({
          at: headerOf(unit, "Unit"),
          message: `it does not require ${name}`,
          fix: `Requires=${name} and After=${name}`,
          edits: [
            added(unit, "Unit", "Requires", name),
            ...(after.has(name) ? [] : [added(unit, "Unit", "After", name)]),
          ],
        }));
    },
  },
  "sockets-missing": {
    severity: "warning",
    why: "A service is passed the sockets that start it; those that start another instance of it, or are not up, only if Sockets= names them.",
    man: "systemd.service(5)",
    find: (service) => {
      const { unit } = service;
      const named = namesIn(unit, "Service", "Sockets").map(({ name }) => name);
      const pulled = namesIn(unit, "Unit", "Requires", "BindsTo", "Wants").map(({ name }) => name);
      const isTemplate = unitNameParts(unit.name).instance === "";
      // An instance of a socket starts the same instance of the service.
      const own = listeners(service).filter((socket) => unitNameParts(socket.unit.name).instance !== "");
      const missing = own
        .map((socket) => socket.unit.name)
        .filter(
          (name) => !named.includes(name) && (isTemplate || (own.length > 1 && !pulled.includes(name))),
        );
      return missing.map((name) => ({
        at: headerOf(unit, "Service"),
        message: isTemplate
          ? `other instances are not passed ${name}`
          : `${name} is passed only if it happens to be up`,
        fix: `Sockets=${name}`,
        edits: [added(unit, "Service", "Sockets", name.replaceAll("\\", "\\\\"))],
      }));
    },
  },
  "names-missing": {
    severity: "info",
    why: "By default a socket is named after its unit; an app tells several apart more plainly by names of their own.",
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
            message: "one of several sockets, and without a name",
            fix: `FileDescriptorName=${name}`,
            edits: [added(unit, "Socket", "FileDescriptorName", name)],
          };
        });
    },
  },
  "standard-input-socket": {
    severity: "error",
    why: "The socket comes as standard input, and no LISTEN_FDS tells of it: the app is not activated.",
    man: "systemd.exec(5)",
    find: (service) => {
      const setting = inService(service.unit, "StandardInput");
      return setting?.value !== "socket" || !isActivatedNode(service)
        ? []
        : [
            {
              at: setting,
              message: "StandardInput=socket without Accept=yes",
              fix: "take it out",
              edits: [replaced(setting)],
            },
          ];
    },
  },
  "port-twice": {
    severity: "warning",
    why: "The socket has the port: an app that opens it by itself fails (EADDRINUSE).",
    man: "systemd.socket(5)",
    find: (service) => {
      const taken = new Set(
        listeners(service).flatMap(({ addresses }) => addresses.map((address) => portOf(address)?.port)),
      );
      return ownPorts(service)
        .filter(({ port }) => taken.has(port))
        .map(({ port, at }) => ({
          at,
          message: `port ${port} is the socket's`,
          fix: "take it out; the app listens on what it is passed",
        }));
    },
  },
  "port-privileged": {
    severity: "error",
    why: "Ports below 1024 are root's (EACCES), unless the service has a capability or a socket unit that opens them for it.",
    man: "capabilities(7)",
    find: (service) => {
      const { unit } = service;
      if (runsAsRoot(service) || listeners(service).length > 0) return [];
      if (
        valuesOf(unit, "Service", "AmbientCapabilities").some(({ value }) =>
          value.includes("CAP_NET_BIND_SERVICE"),
        )
      )
        return [];
      return ownPorts(service)
        .filter(({ port }) => Number(port) > 0 && Number(port) < 1024)
        .map(({ port, at }) => ({
          at,
          message: `port ${port} without the right to it`,
          fix: `${unit.name.replace(/service$/, "socket")} with ListenStream=${port}, or AmbientCapabilities=CAP_NET_BIND_SERVICE`,
        }));
    },
  },
};
