import { setTimeout } from "node:timers/promises";
import { withWaitingClients } from "../../run/accept-queue.ts";
import { socketsOf } from "../../shared/proc.ts";
import { type Activity, readActivity } from "../../systemd/control-group.ts";
import type { Subject } from "../model/subject.ts";
import { isJavaScript, processes, type ServiceProcess } from "./processes.ts";
import { serviceUnit, STARTING_MS, uptime } from "./units.ts";
import { passedSockets } from "./sockets.ts";

/** The activity of a process at one moment. */
export interface Moment extends Activity {
  /** The inodes of its open sockets. */
  sockets: ReadonlySet<number>;
  /** The inodes of passed sockets with waiting clients. */
  waiting: readonly number[];
}

/** A service with a blocked event loop. */
export interface BlockedLoop {
  pid: number;
  /** The addresses with waiting clients. Empty without clients. */
  addresses: readonly string[];
  /** How long the process was observed, in milliseconds. */
  watchedFor: number;
}

/** The number of samples of a process, and the pause between two of them in milliseconds. */
const [LOOKS, PAUSE_MS] = [11, 100];

/**
 * Whether an event loop was blocked all the time. A loop that `serves` a socket is blocked if it does not
 * accept a waiting client. A loop that has not reached its sockets yet needs no client.
 */
export function isBlocked(moments: readonly Moment[], serves: boolean): boolean {
  const [first, last] = [moments[0], moments.at(-1)];
  if (first === undefined || last === undefined || last.ticks <= first.ticks) return false;
  // The main thread may wait for the garbage collector.
  const busy = moments.filter(({ state }) => state === "R").length;
  if (busy <= moments.length / 2) return false;
  if ([...last.sockets].some((inode) => !first.sockets.has(inode))) return false;
  return !serves || first.waiting.some((inode) => moments.every(({ waiting }) => waiting.includes(inode)));
}

/** The blocked event loop of the service. Observes it for a second if the first sample is suspicious. */
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
  // Before that, the app loads its modules.
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

/** The sockets with clients that wait for a blocked loop. `undefined` if the loop is not blocked. */
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
