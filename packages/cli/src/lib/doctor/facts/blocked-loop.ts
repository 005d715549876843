import { setTimeout } from "node:timers/promises";
import { withWaitingClients } from "../../run/accept-queue.ts";
import { socketsOf } from "../../shared/proc.ts";
import { type Activity, readActivity } from "../../systemd/control-group.ts";
import type { Subject } from "../model/subject.ts";
import { isJavaScript, processes, type ServiceProcess } from "./processes.ts";
import { serviceUnit, STARTING_MS, uptime } from "./units.ts";
import { passedSockets } from "./sockets.ts";

/** What a process did at a moment. */
export interface Moment extends Activity {
  /** The inodes of the sockets that it had open. */
  sockets: ReadonlySet<number>;
  /** The inodes of the passed sockets at which clients waited. */
  waiting: readonly number[];
}

/** A service whose event loop does not go on. */
export interface BlockedLoop {
  pid: number;
  /** The addresses at which clients wait. Empty if no client has come. */
  addresses: readonly string[];
  /** How long the process was watched, in milliseconds. */
  watchedFor: number;
}

/** How often a process is looked at, and the pause between two looks in milliseconds. */
const [LOOKS, PAUSE_MS] = [11, 100];

/**
 * Whether an event loop was blocked all the time. A loop that `serves` a socket is blocked if it accepts no
 * client although one waits. A loop that has not come to its sockets yet needs no client.
 */
export function isBlocked(moments: readonly Moment[], serves: boolean): boolean {
  const [first, last] = [moments[0], moments.at(-1)];
  if (first === undefined || last === undefined || last.ticks <= first.ticks) return false;
  // The main thread may wait for the garbage collector for a moment.
  const busy = moments.filter(({ state }) => state === "R").length;
  if (busy <= moments.length / 2) return false;
  if ([...last.sockets].some((inode) => !first.sockets.has(inode))) return false;
  return !serves || first.waiting.some((inode) => moments.every(({ waiting }) => waiting.includes(inode)));
}

/**
 * The event loop of the service that is blocked. It looks for a second, but only if the first look is
 * suspicious.
 */
export async function blockedLoop(subject: Subject): Promise<BlockedLoop | undefined> {
  const [service, running, passed] = await subject.all(serviceUnit, processes, passedSockets);
  const streams = passed.filter(({ inode, type }) => inode !== undefined && type !== "Datagram");
  const inodes = new Set(streams.flatMap(({ inode }) => inode ?? []));
  const has = (of: ReadonlySet<number> | undefined): boolean =>
    [...inodes].some((inode) => of?.has(inode) === true);
  const owners = running.filter((each) => isJavaScript(each) && has(each.sockets));
  const servers = owners.filter(({ watched }) => has(watched));
  const wanted = servers.length > 0 ? servers : owners;
  if (wanted.length === 0 || service.state === "deactivating") return undefined;
  // Until then, the app loads its modules.
  if (uptime(service) < STARTING_MS) return undefined;
  // If one of several processes accepts, clients get an answer.
  const found = await Promise.all(wanted.map((each) => watch(each, inodes, servers.length > 0)));
  const waiting = found.every((each) => each !== undefined) ? found[0] : undefined;
  return (
    waiting && {
      pid: wanted[0]!.pid,
      addresses: streams.flatMap(({ inode, address }) => (waiting.includes(inode!) ? address : [])),
      watchedFor: (LOOKS - 1) * PAUSE_MS,
    }
  );
}

/** The sockets at which clients wait for a blocked loop. `undefined` if the loop is not blocked. */
async function watch(
  { pid }: ServiceProcess,
  inodes: ReadonlySet<number>,
  serves: boolean,
): Promise<readonly number[] | undefined> {
  const moments: Moment[] = [];
  while (moments.length < LOOKS) {
    if (moments.length > 0) await setTimeout(PAUSE_MS);
    const waiting = withWaitingClients(inodes, false);
    if (serves && waiting.length === 0) return undefined;
    const [activity, sockets] = [readActivity(pid), socketsOf(pid)];
    if (activity === undefined || sockets === undefined) return undefined;
    moments.push({ ...activity, sockets, waiting });
  }
  return isBlocked(moments, serves) ? moments.at(-1)!.waiting : undefined;
}
