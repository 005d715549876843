import { type ListenAddress, readListen } from "../../systemd/listen-property.ts";
import type { Subject } from "../model/subject.ts";
import { listeningSockets } from "./listening.ts";
import { socketProperties, type UnitProperties } from "./properties.ts";

/** A socket that systemd passes to the service. */
export interface PassedSocket extends ListenAddress {
  /** Its socket unit. */
  unit: string;
  /** The inode of the socket. `undefined` if the socket is not open, or is in another network namespace. */
  inode: number | undefined;
}

/** The listeners of the socket units. With Accept=yes the service gets none of them. */
export async function passedSockets(subject: Subject): Promise<PassedSocket[]> {
  const [units, listening] = await Promise.all([
    subject.get(socketProperties),
    subject.host.get(listeningSockets),
  ]);
  return units
    .filter((unit) => unit.get("Accept") !== "yes")
    .flatMap((unit) =>
      addressesOf(unit).map(({ address, type }) => ({
        unit: unit.unit,
        address,
        type,
        // A unix socket of datagrams does not listen.
        inode:
          unit.get("ActiveState") === "active"
            ? listening.find(
                (socket) =>
                  socket.address === address && (socket.protocol === "udp") === (type === "Datagram"),
              )?.inode
            : undefined,
      })),
    );
}

/** The addresses of a socket unit. */
export const addressesOf = (unit: UnitProperties): ListenAddress[] => readListen(unit.get("Listen"));

/** The port of an address. `undefined` for that of a unix socket. */
export function portOf(address: string): number | undefined {
  const port = /^[^/@].*:(\d+)$/.exec(address)?.[1];
  return port === undefined ? undefined : Number(port);
}
