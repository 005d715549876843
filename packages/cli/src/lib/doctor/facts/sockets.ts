import { allPids, read, socketsOf } from "../../shared/proc.ts";
import { type ListenAddress, readListen } from "../../systemd/listen-property.ts";
import { type ListeningSocket, listeningSocketsIn } from "../../systemd/listening-sockets.ts";
import type { Host, Subject } from "../model/subject.ts";
import type { ServiceProcess } from "./processes.ts";
import { socketUnits, type Unit } from "./units.ts";
import { printable } from "../../shared/clean.ts";

/** A socket that systemd passes to the service. */
export interface PassedSocket extends ListenAddress {
  /** Its socket unit. */
  unit: string;
  /** The inode of the socket. `undefined` if it is not open, or in another network namespace. */
  inode: number | undefined;
}

/** The listeners of the socket units. Empty with Accept=yes. */
export async function passedSockets(subject: Subject): Promise<PassedSocket[]> {
  const [units, listening] = await Promise.all([
    subject.get(socketUnits),
    subject.host.get(listeningSockets),
  ]);
  return units
    .filter((unit) => unit.get("Accept") !== "yes")
    .flatMap((unit) =>
      addressesOf(unit).map(({ address, type }) => ({
        unit: unit.unit,
        address,
        type,
        // A unix datagram socket does not listen.
        inode:
          unit.state === "active"
            ? listening.find(
                (socket) =>
                  socket.address === address && (socket.protocol === "udp") === (type === "Datagram"),
              )?.inode
            : undefined,
      })),
    );
}

/** Whether an event loop of one of the processes waits for connections to a socket. */
export const isServedBy =
  (running: readonly ServiceProcess[]) =>
  ({ inode }: PassedSocket): boolean =>
    inode !== undefined && running.some(({ watched }) => watched.has(inode));

/** The addresses of a socket unit. */
export const addressesOf = (unit: Unit): ListenAddress[] => readListen(unit.get("Listen"));

/** The port of an address, or `undefined` for a unix socket. */
export function portOf(address: string): number | undefined {
  const port = /^[^/@].*:(\d+)$/.exec(address)?.[1];
  return port === undefined ? undefined : Number(port);
}

/** The listening sockets in the doctor's network namespace, which most services share. */
export async function listeningSockets(): Promise<ListeningSocket[]> {
  return listeningSocketsIn();
}

/** The listening sockets in the network namespace of a process. With PrivateNetwork=, it has its own. */
export async function listeningBeside({ pid }: ServiceProcess): Promise<ListeningSocket[]> {
  return listeningSocketsIn(`/proc/${pid}/net`);
}

/**
 * The processes that have a socket open, by inode. Without root, only the user's own processes are visible.
 */
export async function holders(): Promise<Map<number, number[]>> {
  const found = new Map<number, number[]>();
  for (const pid of allPids())
    for (const inode of socketsOf(pid) ?? []) found.set(inode, [...(found.get(inode) ?? []), pid]);
  return found;
}

/** A process as text: the beginning of its command line, because the rest may be a secret, and its unit. */
export function describeProcess({ manager }: Host, pid: number): { command: string; unit: string } {
  const cmdline = read(`/proc/${pid}/cmdline`);
  const unit = manager.user ? /([^/\n]+\.\w+)\/?$/m : /([^/\n]+\.(?:service|scope))(?:\/|$)/m;
  return {
    // nginx and others replace their command line by a title, as one word. It can contain anything.
    command: printable(
      cmdline === "" ? read(`/proc/${pid}/comm`).trim() : cmdline.split("\0").slice(0, 2).join(" ").trim(),
    ),
    unit: unit.exec(read(`/proc/${pid}/cgroup`))?.[1] ?? "",
  };
}
