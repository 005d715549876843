import { conflictsIn, shown, type UnitProblem } from "../problems.ts";
import type { Section } from "../write/lines.ts";
import type { Socket } from "../read/sockets.ts";

/** The folders of a service. With DynamicUser=, systemd moves each one into `private`, which only root can enter. */
const roots: Readonly<Record<string, string>> = {
  RuntimeDirectory: "/run",
  StateDirectory: "/var/lib",
  CacheDirectory: "/var/cache",
  LogsDirectory: "/var/log",
};

/** Reports unix sockets that clients could no longer reach after the first start of the service. */
export function refuseSocketsInPrivateFolders(
  units: readonly { sections: readonly Section[] }[],
  sockets: readonly Socket[],
  problems: UnitProblem[],
): void {
  const own = units
    .map(({ sections }) => sections.flatMap(({ lines }) => lines))
    .filter((lines) => lines.some(({ key, value }) => key === "DynamicUser" && value === "yes"))
    .flat()
    .flatMap(({ key, value }) => {
      const root = roots[key];
      return root === undefined ? [] : [`${root}/${value.replace(/^"|"$/g, "")}/`];
    });
  for (const [index, socket] of sockets.entries()) {
    for (const field of ["listen", "listenDatagram", "listenSequentialPacket"] as const) {
      for (const address of socket.values[field]) {
        const file = address.replace(/^%t(?=\/)/, "/run").replace(/\/+/g, "/");
        const folder = own.find((one) => file.startsWith(one));
        if (folder === undefined) continue;
        conflictsIn(problems)(
          `sockets[${index}].${field}`,
          `${shown(address)} is in a folder of the service. systemd lets only root enter that folder, because the service runs as a user that exists only while the service runs`,
          `write a path in another folder, such as '/run/${file.slice(folder.length).replaceAll("/", "-")}', or set a user`,
        );
      }
    }
  }
}
