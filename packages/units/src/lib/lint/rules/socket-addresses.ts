import { valueOf, type Setting } from "../../parse/load.ts";
import { isOfAnInterface } from "../../systemd/ip-endpoints.ts";
import type { SocketAmongOthers } from "../subjects/conflicts.ts";
import type { Found, Rule } from "../findings/finding.ts";
import { endpointOf, namesIn, unitAmong } from "../subjects/subjects.ts";
import { booleanOf } from "../../systemd/booleans.ts";
import { addSetting, replaceSetting } from "../findings/edits.ts";
import { foldersIn } from "./service/settings.ts";
import { privateFolders } from "../../systemd/folders.ts";
import { inSocket, isPath } from "./socket-settings.ts";

const isStream = ({ key }: Setting): boolean => key === "ListenStream";

/** The folder among these, all below /run, that contains a path. A socket path has at most 107 bytes. */
function folderOf(path: string, folders: ReadonlySet<string>): string | undefined {
  const below = /^\/run\/(.{1,107})$/s.exec(path)?.[1] ?? "";
  for (let end = below.indexOf("/"); end >= 0; end = below.indexOf("/", end + 1)) {
    const folder = below.slice(0, end);
    if (folders.has(folder)) return folder;
  }
  return undefined;
}

/**
 * Finds a socket that clients can't reach after the service has started, or after a service has stopped with
 * it.
 */
function inPrivateFolder(setting: Setting, { service, given }: SocketAmongOthers): Found[] {
  if (service === undefined) return [];
  const bound = namesIn(service.unit, "Unit", "BindsTo").flatMap(({ name }) => unitAmong(given, name) ?? []);
  const folders = [service.unit, ...bound]
    .filter((unit) => booleanOf(valueOf(unit, "Service", "DynamicUser")?.value) === true)
    .flatMap((unit) => foldersIn(unit, privateFolders))
    .map((folder) => `${folder}/`);
  const file = setting.value.replace(/^(?:%t|\/var\/run)(?=\/)/, "/run").replace(/\/+/g, "/");
  const folder = folders.find((one) => file.startsWith(one));
  if (folder === undefined) return [];
  const other = `/run/${file.slice(folder.length).replaceAll("/", "-")}`;
  return [
    {
      at: setting,
      message: `${setting.value} is in a folder of a service with DynamicUser=`,
      fix: `another folder for the socket, such as in ${other}, or User= in the service`,
      inDescription: { fix: `write a path in another folder, such as '${other}', or set a user` },
    },
  ];
}

export type SocketAddressesCode =
  | "address-conflict"
  | "runtime-directory"
  | "remove-on-stop"
  | "socket-mode"
  | "reuse-port"
  | "free-bind";

/** The addresses of a socket and their files. */
export const socketAddressesRules: Readonly<Record<SocketAddressesCode, Rule<SocketAmongOthers>>> = {
  "address-conflict": {
    severity: "error",
    why: "The second bind fails (EADDRINUSE), and the socket unit fails with it. A port alone and [::] include IPv4, unless you set BindIPv6Only=ipv6-only.",
    man: "systemd.socket(5)",
    find: (socket) =>
      booleanOf(inSocket(socket.unit, "ReusePort")?.value) === true
        ? []
        : socket.conflicts.map(({ setting, first, apart }) => ({
            at: setting,
            message: `${setting.key}=${setting.value} conflicts with ${first.key}=${first.value}${first.file === setting.file ? "" : ` of ${first.file}`}`,
            fix: apart ? [{ BindIPv6Only: "ipv6-only" }] : "remove one of them",
            // The edit must not open the port to more clients.
            edits:
              first.file === setting.file && first.value === setting.value ? [replaceSetting(setting)] : [],
          })),
  },
  "runtime-directory": {
    severity: "error",
    why: "When the service stops, systemd removes its RuntimeDirectory= and the socket file in it. With DynamicUser=, only root may enter the folders of the service. Clients can then no longer connect.",
    man: "systemd.exec(5)",
    find: (socket) => {
      const { service, addresses, accepts } = socket;
      const closed = addresses.filter(isPath).flatMap((setting) => inPrivateFolder(setting, socket));
      if (closed.length > 0 || service === undefined || accepts) return closed;
      const { unit } = service;
      if (
        /^(?:yes|restart|true|on|1)$/.test(
          valueOf(unit, "Service", "RuntimeDirectoryPreserve")?.value ?? "no",
        )
      )
        return [];
      const folders = new Set(
        namesIn(unit, "Service", "RuntimeDirectory").map(({ name }) => name.replace(/:.*/, "")),
      );
      return addresses.filter(isPath).flatMap((setting) => {
        const folder = folderOf(setting.value.replace(/^(?:%t|\/var\/run)(?=\/)/, "/run"), folders);
        return folder === undefined
          ? []
          : {
              at: setting,
              message: `${setting.value} is in RuntimeDirectory=${folder}`,
              fix: "RuntimeDirectoryPreserve=yes in the service, or another folder for the socket",
              inDescription: {
                fix: "write runtimeDirectoryPreserve: 'yes', or a path in another folder",
              },
            };
      });
    },
  },
  "remove-on-stop": {
    severity: "info",
    why: "When the socket unit stops, systemd removes the socket file. If the service keeps running, clients cannot reach it.",
    man: "systemd.socket(5)",
    find: ({ unit, service, addresses, accepts }) => {
      const setting = valueOf(unit, "Socket", "RemoveOnStop");
      if (booleanOf(setting?.value) !== true || service === undefined || accepts || !addresses.some(isPath))
        return [];
      const bound = namesIn(service.unit, "Unit", "Requires", "BindsTo", "PartOf", "Requisite");
      if (
        bound.some(({ name }) => name === unit.name) ||
        namesIn(unit, "Unit", "PartOf", "BindsTo").length > 0
      )
        return [];
      return [
        {
          at: setting!,
          message: `RemoveOnStop=${setting!.value}, and ${service.unit.name} does not stop with ${unit.name}`,
          fix: `Requires=${unit.name} in the service`,
        },
      ];
    },
  },
  "socket-mode": {
    severity: "info",
    why: "By default, every user of the machine may connect to a unix socket.",
    man: "systemd.socket(5)",
    find: ({ unit, service, addresses }) => {
      if (service?.program?.isNode !== true || valueOf(unit, "Socket", "SocketMode") !== undefined) return [];
      return addresses
        .filter((setting) => isPath(setting) && isStream(setting))
        .slice(0, 1)
        .map((setting) => ({
          at: setting,
          message: "its access mode is the default, 0666",
          fix: "SocketMode=0660 with SocketGroup=, or 0666 if that is intended",
        }));
    },
  },
  "reuse-port": {
    severity: "info",
    why: "The kernel distributes connections among all sockets on the port. If no process accepts from one of them, its connections are lost.",
    man: "systemd.socket(5)",
    find: ({ unit }) => {
      const setting = valueOf(unit, "Socket", "ReusePort");
      return booleanOf(setting?.value) !== true
        ? []
        : [
            {
              at: setting!,
              message: "ReusePort= with a socket that stays open when its service stops",
              fix: "remove it, unless several sockets must share the port",
            },
          ];
    },
  },
  "free-bind": {
    severity: "warning",
    why: "Sockets are opened early at boot. If the network interface does not have the address yet, bind fails (EADDRNOTAVAIL), and so does the socket.",
    man: "systemd.socket(5)",
    find: ({ unit, addresses }) =>
      inSocket(unit, "FreeBind")?.value !== undefined
        ? []
        : addresses
            .filter((setting) => {
              const place = endpointOf(setting);
              return place !== undefined && isOfAnInterface(place);
            })
            .slice(0, 1)
            .map((setting) => ({
              at: setting,
              message: `${setting.key}=${setting.value} without FreeBind=true`,
              fix: "FreeBind=true",
              edits: addSetting(unit, "Socket", "FreeBind", "true"),
            })),
  },
};
