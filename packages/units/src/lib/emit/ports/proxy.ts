import { isObject } from "../../read/fields/fields.ts";
import { isIPv4, refusedAddress } from "../../systemd/addresses.ts";
import { durationText } from "@sockact/shared/durations";
import { conflictsIn, refusing, shown, type Refusal, type UnitProblem } from "../../problems.ts";
import { refusedLength } from "../../systemd/unit-names.ts";
import { reasonsOf } from "../../write/reasons.ts";
import { readSandbox } from "../../read/sandbox/sandbox.ts";
import * as read from "../../read/values/readers.ts";
import { argument, listItem, unescapedUnitName, unquotedValue } from "../../systemd/escaping.ts";
import { added, addedFor, asked, type Line, type Section } from "../../write/lines.ts";
import type { Service } from "../../read/service.ts";
import { pauseCommand } from "../sections/restarts.ts";
import { serviceSections } from "../sections/service.ts";
import { ipEndpointOf, isTakenBy } from "../../systemd/ip-endpoints.ts";
import { portVariables } from "./variables.ts";
import {
  defaultParts,
  forEachSocket,
  reportFields,
  socketUnit,
  withAddressFamilies,
  withoutDirectives,
  type PortMethod,
} from "./port-method.ts";

const addedToProxy = addedFor(reasonsOf.proxy);
const addedToApp = addedFor(reasonsOf.proxied);

/**
 * The path of the proxy on Debian, Ubuntu, Fedora, Arch and SUSE. Debian without merged /usr has it in /lib.
 */
const program = "/usr/lib/systemd/systemd-socket-proxyd";

/**
 * The proxy's default is 256 connections. Each connection needs six descriptors: two sockets and two pipes.
 */
const mostConnections = 1024;
const mostFiles = 8192;

const defaultBackend = "127.0.0.1:3000";

function refusedBackend(backend: string): Refusal | undefined {
  const report = refusing("SOCKACT_ERR_UNIT_ADDRESS");
  if (backend.startsWith("/")) {
    return /^\/run(?:\/(?!\.\.?\/)[\w.@+-]+)+\/[\w.@+-]+$/.test(backend)
      ? refusedAddress(backend)
      : report(
          "the socket is not in a folder that can be created for the service",
          "a folder of /run, whose name has only letters, digits and . _ @ + -: /run/shop/app.sock",
        );
  }
  const host = ipEndpointOf(backend)?.host;
  return host !== undefined && (host === "::1" || (isIPv4(host) && host.startsWith("127.")))
    ? refusedAddress(backend)
    : report(
        "not a port of the loopback device, and not a unix socket",
        "as in 127.0.0.1:3000, [::1]:3000 or /run/shop/app.sock",
      );
}

const readBackend = read.literal(read.rawText(refusedBackend));

/**
 * The name of the proxy's unit. It is an instance, because systemd derives the dynamic user's name from the
 * part before the @.
 */
function proxyUnit(name: string): string {
  return `${name}${name.includes("@") ? "-" : "@"}proxy.service`;
}

/** Where the service listens. */
interface Backend {
  address: string;
  /** The folder of a unix socket under /run. */
  folder: string | undefined;
  /** Whether it has its own loopback device. */
  ownNetwork: boolean;
  families: string[];
}

function backendOf(
  { backend = defaultBackend }: { backend?: unknown },
  { sandbox: { profile } }: Service,
): Backend {
  const address = backend as string;
  const folder = /^\/run\/(.+)\/[^/]+$/.exec(address)?.[1];
  return {
    address,
    folder,
    ownNetwork: folder === undefined && profile === "inbound",
    families: folder === undefined ? ["AF_INET", "AF_INET6"] : ["AF_UNIX"],
  };
}

/**
 * A command that ends when a process listens on the backend, and fails when the program has ended. It reads
 * /proc/net. A connection would be an unexpected request, and a unix socket's file exists before a process
 * listens on it.
 */
function waitCommand({ address, folder }: Backend): string {
  const files = folder === undefined ? "/proc/self/net/tcp /proc/self/net/tcp6" : "/proc/self/net/unix";
  const port = Number(ipEndpointOf(address)?.port).toString(16).toUpperCase().padStart(4, "0");
  const listening =
    folder === undefined
      ? `: [0-9A-F]*:${port} [0-9A-F]*:0000 0A `
      : ` 00010000 0001 01 *[0-9]* ${address.replaceAll(".", "[.]")}$`;
  const script = `until grep -qs "$1" ${files}; do kill -0 "$MAINPID" || exit; sleep 0.05; done`;
  return ["/bin/sh", "-c", script, "sh", listening].map(argument).join(" ");
}

/** An inbound sandbox that also allows the backend. */
function openToBackend(
  lines: readonly Line[],
  { folder, families }: Backend,
  own: Record<"RestrictAddressFamilies" | "IPAddressAllow", string>,
): Line[] {
  const opened = withAddressFamilies(lines, own.RestrictAddressFamilies, ...families);
  const filtered = folder === undefined && opened.some(({ key }) => key === "IPAddressDeny");
  return filtered ? [...opened, addedFor(own)("IPAddressAllow", "localhost")] : opened;
}

function proxySections(
  service: Service,
  backend: Backend,
  sockets: readonly string[],
  idle: string | undefined,
): Section[] {
  const { name, values } = service;
  const dynamicUser = values.user.length === 0;
  const { lines: full } = readSandbox(
    "inbound",
    {
      manager: "system",
      systemd: service.arrangement.systemd,
      dynamicUser,
      inHome: false,
      sendsBySocket: false,
      jitless: false,
    },
    [],
  );
  const onHost = backend.folder === undefined && !backend.ownNetwork;
  const idleExit = idle === undefined ? [] : [`--exit-idle-time=${idle}`];
  // systemd-socket-proxyd uses everything before the last colon as the host, brackets included.
  const target = backend.address.replace(/[[\]]/g, "");
  const command = [program, `--connections-max=${mostConnections}`, ...idleExit, target];
  return [
    {
      name: "Unit",
      lines: [
        added("Description", `${unquotedValue(name)} proxy`),
        ...sockets.map((unit) => addedToProxy("Requires", unit)),
        addedToProxy("BindsTo", service.unit),
        ...sockets.map((unit) => added("After", unit)),
        addedToProxy("After", service.unit),
        ...(backend.ownNetwork ? [addedToProxy("JoinsNamespaceOf", service.unit)] : []),
        added("StartLimitIntervalSec", "0"),
      ],
    },
    {
      name: "Service",
      lines: [
        addedToProxy("ExecStart", command.map(argument).join(" ")),
        ...asked("User", values.user, "user"),
        ...(dynamicUser ? [addedToProxy("DynamicUser", "yes")] : []),
        ...asked("Group", values.group, "group"),
        addedToProxy("LimitNOFILE", String(mostFiles)),
        ...(sockets.length > 1 ? sockets.map((unit) => added("Sockets", unescapedUnitName(unit))) : []),
        addedToProxy("MemoryDenyWriteExecute", "yes"),
        ...openToBackend(onHost ? withoutDirectives(full, "PrivateNetwork") : full, backend, reasonsOf.proxy),
      ],
    },
  ];
}

/**
 * Reports a backend that is also an address of a socket, which systemd has already opened when the app
 * starts.
 */
function reportTakenBackend(description: Record<string, unknown>, problems: UnitProblem[]): void {
  const { backend = defaultBackend, hardening } = description as { backend?: string; hardening?: unknown };
  const place = ipEndpointOf(backend);
  const profile = isObject(hardening) ? hardening["profile"] : hardening;
  // An inbound service has its own loopback device.
  if (place !== undefined && profile === "inbound") return;
  forEachSocket(description, ({ listen, bindIPv6Only }, path) => {
    const isAddress = (entry: unknown): entry is string | number =>
      typeof entry === "string" || typeof entry === "number";
    const taking = [listen]
      .flat()
      .filter(isAddress)
      .find((address) => {
        const other = ipEndpointOf(String(address));
        return place === undefined || other === undefined
          ? address === backend
          : isTakenBy(place, other, bindIPv6Only === "ipv6-only");
      });
    if (taking === undefined) return;
    conflictsIn(problems)(
      "backend",
      `${shown(backend)} is already open: ${shown(String(taking))} of ${path}.listen`,
      "write another port or path. The app listens there, and the proxy on the sockets",
    );
  });
}

const withoutIt = "leave it out, or write bind: 'socket'";

/** systemd opens the sockets, and a proxy forwards the connections to the service. */
export const proxy: PortMethod = {
  report(description, problems) {
    const { name, type, backend, manager, systemd, idleTimeout } = description;
    const report = conflictsIn(problems);
    reportFields(
      description,
      ["rolling", "template"],
      "",
      ["all instances would listen on the same backend", withoutIt],
      problems,
    );
    if (manager === "user")
      report(
        "manager",
        "a user's service manager can give the proxy and the service neither a folder of /run nor a private network",
        withoutIt,
      );
    if (type === "simple" || type === "idle") {
      report(
        "type",
        `with ${shown(type)} the service counts as started before its program runs, but the proxy waits until the program listens`,
        "write 'exec', or leave it out",
      );
    }
    if (backend === undefined || readBackend(backend, "backend", problems).length > 0)
      reportTakenBackend(description, problems);
    if (typeof backend === "string" && backend.startsWith("/")) {
      reportFields(
        description,
        ["runtimeDirectoryMode", "runtimeDirectoryPreserve"],
        "",
        [
          "the folder of the backend is already one of them, and only the service may use it while it runs",
          "leave it out",
        ],
        problems,
      );
    }
    const length = typeof name === "string" ? refusedLength(proxyUnit(name)) : undefined;
    if (length !== undefined) problems.push({ path: "name", ...length });
    if (durationText(idleTimeout) !== undefined && (systemd as number) < 246) {
      problems.push({
        code: "SOCKACT_ERR_UNIT_VERSION",
        path: "idleTimeout",
        message: `the proxy's --exit-idle-time= needs systemd 246, and this description is for systemd ${systemd as number}`,
        hint: "leave it out: the proxy and the service then keep running",
      });
    }
    forEachSocket(description, (socket, path) =>
      reportFields(
        socket,
        ["listenDatagram", "listenSequentialPacket", "accept"],
        path,
        ["the proxy accepts only stream connections", withoutIt],
        problems,
      ),
    );
  },
  units(service, sockets, description) {
    const unit = proxyUnit(service.name);
    const backend = backendOf(description, service);
    const socketUnits = sockets.map((socket) => socket.unit);
    const idle = durationText(description.idleTimeout);
    const plain = defaultParts(service);
    const place = ipEndpointOf(backend.address) ?? { port: backend.address };
    const { folder } = backend;
    // Traffic starts the proxy, and only the proxy sleeps.
    const app = { ...service, values: { ...service.values, idleTimeout: [] } };
    return [
      ...sockets.map((socket) => socketUnit(socket, { ...service, startedUnit: unit })),
      { unit, sections: proxySections(service, backend, socketUnits, idle) },
      {
        unit: service.unit,
        raw: service.raw,
        sections: serviceSections(app, {
          ...plain,
          type: service.values.type.length > 0 ? plain.type : [addedToApp("Type", "exec")],
          requires: [addedToApp("BindsTo", unit)],
          command: service.notifies ? [] : [addedToApp("ExecStartPost", waitCommand(backend))],
          commandAfter: [addedToApp("ExecStopPost", pauseCommand("!= success"))],
          environment: portVariables(place, description).map((value) => addedToApp("Environment", value)),
          own:
            folder === undefined
              ? []
              : [
                  addedToApp("RuntimeDirectory", listItem(folder)),
                  addedToApp("RuntimeDirectoryMode", "0700"),
                ],
          sandbox: openToBackend(service.sandbox.lines, backend, reasonsOf.proxied),
          install: [
            ...plain.install,
            ...socketUnits.map((socket) => added("Also", unescapedUnitName(socket))),
          ],
        }),
      },
    ];
  },
};
