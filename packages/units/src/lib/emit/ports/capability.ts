import { isObject } from "../../read/fields/fields.ts";
import { conflictsIn, shown } from "../../problems.ts";
import { reasonsOf } from "../../write/reasons.ts";
import { addedFor, type Line } from "../../write/lines.ts";
import type { Service } from "../../read/service.ts";
import { serviceSections } from "../sections/service.ts";
import type { Socket } from "../../read/sockets.ts";
import { ipEndpointOf, type IPEndpoint } from "../../systemd/ip-endpoints.ts";
import { portVariables } from "./variables.ts";
import {
  defaultParts,
  forEachSocket,
  reportFields,
  withAddressFamilies,
  withoutDirectives,
  type PortMethod,
} from "./port-method.ts";

const added = addedFor(reasonsOf.capability);

/**
 * The fields of a socket that this method can write: the addresses, and what a program sets on its sockets
 * itself.
 */
const keptFields = [
  ..."listen listenDatagram name description".split(" "),
  ..."noDelay backlog keepAlive keepAliveTimeSec keepAliveIntervalSec keepAliveProbes deferAcceptSec".split(
    " ",
  ),
  ..."pollLimitIntervalSec pollLimitBurst".split(" "),
];

/** The fields of the sandbox that this method sets. */
const ownFields = [
  "capabilityBoundingSet",
  "ambientCapabilities",
  "privateNetwork",
  "privateUsers",
  "ipAddressDeny",
];

/**
 * Ports that the service may not open, besides its own. Outgoing connections, which outbound allows, never
 * have a port below 1024.
 */
const bindDeny = { inbound: ["any"], outbound: ["1-1023"], none: [] };

/** The ports of a description, each with its protocol. */
function ipEndpointsOf(sockets: readonly Socket[]): (IPEndpoint & { protocol: "tcp" | "udp" })[] {
  const places = (protocol: "tcp" | "udp", addresses: readonly string[]) =>
    addresses.flatMap((address) => {
      const place = ipEndpointOf(address.replaceAll("%%", "%"));
      return place === undefined ? [] : [{ ...place, protocol }];
    });
  return sockets.flatMap(({ values }) => [
    ...places("tcp", values.listen),
    ...places("udp", values.listenDatagram),
  ]);
}

/**
 * The sandbox without the directives that prevent listening. In a user namespace, the capability would not
 * apply to the host's ports. An IP filter or a private network would block clients.
 */
function listeningSandbox(service: Service, sockets: readonly Socket[]): Line[] {
  const { profile, lines } = service.sandbox;
  const capability = "CAP_NET_BIND_SERVICE";
  const rest = withoutDirectives(
    lines,
    "CapabilityBoundingSet",
    "AmbientCapabilities",
    "PrivateNetwork",
    "PrivateUsers",
    "IPAddressDeny",
  );
  const families = { 4: "ipv4:", 6: "ipv6:" };
  const allowed = ipEndpointsOf(sockets).map(({ protocol, port, host }) => {
    const family = host === undefined ? "" : families[host.includes(":") ? 6 : 4];
    return `${family}${protocol}:${port}`;
  });
  return [
    added("CapabilityBoundingSet", capability),
    added("AmbientCapabilities", capability),
    ...withAddressFamilies(rest, reasonsOf.capability.RestrictAddressFamilies, "AF_INET", "AF_INET6"),
    ...(profile === "inbound" ? [added("SystemCallFilter", "~connect")] : []),
    ...(profile === "none" ? [] : [...new Set(allowed)].map((port) => added("SocketBindAllow", port))),
    ...bindDeny[profile].map((ports) => added("SocketBindDeny", ports)),
  ];
}

const withoutIt = "leave it out, or write bind: 'socket'";

/** The service opens its ports itself. */
export const capability: PortMethod = {
  report(description, problems) {
    const report = conflictsIn(problems);
    reportFields(
      description,
      ["idleTimeout"],
      "",
      ["without a socket unit, nothing can wake the service again", withoutIt],
      problems,
    );
    reportFields(
      description,
      ["rolling", "template"],
      "",
      ["the instances share no socket, so each would open the port", withoutIt],
      problems,
    );
    if (isObject(description.hardening)) {
      reportFields(
        description.hardening,
        ownFields,
        "hardening",
        ["it would prevent the service from listening, or give it more rights than it needs", withoutIt],
        problems,
      );
    }
    if (description.manager === "user") {
      report("manager", "a user's service manager cannot grant a capability", withoutIt);
    }
    forEachSocket(description, (socket, path) => {
      const lost = Object.keys(socket).filter((field) => !keptFields.includes(field));
      reportFields(
        socket,
        lost,
        path,
        ["with bind: 'capability' the service has no socket unit", withoutIt],
        problems,
      );
      for (const field of ["listen", "listenDatagram"]) {
        for (const address of [socket[field]].flat()) {
          if (isObject(address) || (typeof address === "string" && /^(?:[/@]|vsock:)/.test(address))) {
            report(
              `${path}.${field}`,
              `${shown(address)} is not a TCP or UDP port, and the capability applies only to those`,
              withoutIt,
            );
          }
        }
      }
    });
  },
  units(service, sockets, description) {
    const [place, ...others] = ipEndpointsOf(sockets).filter(({ protocol }) => protocol === "tcp");
    const plain = defaultParts(service);
    const variables = place === undefined || others.length > 0 ? [] : portVariables(place, description);
    return [
      {
        unit: service.unit,
        raw: service.raw,
        sections: serviceSections(service, {
          ...plain,
          environment: variables.map((value) => added("Environment", value)),
          sandbox: listeningSandbox(service, sockets),
          install: plain.install.length > 0 ? plain.install : [added("WantedBy", "multi-user.target")],
        }),
      },
    ];
  },
};
