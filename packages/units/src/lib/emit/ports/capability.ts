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
  refuseFields,
  withAddressFamilies,
  withoutDirectives,
  type PortMethod,
} from "./port-method.ts";

const added = addedFor(reasonsOf.capability);

/** Fields of a socket that say what to listen on, and those that tune what a program tunes by itself. All others would be lost. */
const keptFields = [
  ..."listen listenDatagram name description".split(" "),
  ..."noDelay backlog keepAlive keepAliveTimeSec keepAliveIntervalSec keepAliveProbes deferAcceptSec".split(
    " ",
  ),
  ..."pollLimitIntervalSec pollLimitBurst".split(" "),
];

/** The fields of the sandbox that this method sets itself. */
const ownFields = [
  "capabilityBoundingSet",
  "ambientCapabilities",
  "privateNetwork",
  "privateUsers",
  "ipAddressDeny",
];

/** What the service may not listen on, besides what it is for. A client's own port, which outbound needs, is never below 1024. */
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
 * The service's own sandbox, less what would keep it from listening: a capability of a user namespace is none on the host's ports, and
 * a filter of IP packets, or a network of its own, would keep clients out.
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

/** The service listens by itself. */
export const capability: PortMethod = {
  refuse(description, problems) {
    const refuse = conflictsIn(problems);
    refuseFields(
      description,
      ["idleTimeout"],
      "",
      ["no socket is there to wake the service again", withoutIt],
      problems,
    );
    refuseFields(
      description,
      ["rolling", "template"],
      "",
      ["no socket is there for instances to share, and each would take the port", withoutIt],
      problems,
    );
    if (isObject(description.hardening)) {
      refuseFields(
        description.hardening,
        ownFields,
        "hardening",
        ["it would keep the service from listening by itself, or give it more than that", withoutIt],
        problems,
      );
    }
    if (description.manager === "user") {
      refuse("manager", "a user's manager cannot grant a capability", withoutIt);
    }
    forEachSocket(description, (socket, path) => {
      const lost = Object.keys(socket).filter((field) => !keptFields.includes(field));
      refuseFields(
        socket,
        lost,
        path,
        ["with bind: 'capability' no socket unit is there to have it", withoutIt],
        problems,
      );
      for (const field of ["listen", "listenDatagram"]) {
        for (const address of [socket[field]].flat()) {
          if (isObject(address) || (typeof address === "string" && /^(?:[/@]|vsock:)/.test(address))) {
            refuse(
              `${path}.${field}`,
              `${shown(address)} is no port of TCP or UDP, which are what the capability is for`,
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
