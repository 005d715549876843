import { setImmediate as turnOfTheLoop, setTimeout as delay } from "node:timers/promises";
import { debug } from "../shared/debug.ts";
import { now } from "../shared/timers.ts";
import type { Drainable } from "./drainable.ts";

/** What {@link drainAll} can do besides. */
interface DrainOptions {
  /**
   * Called when the drain starts. After the servers have stopped accepting, it is called again and again
   * while a connection is open, because a request that is under way may open a stream at any time.
   */
  announce?: () => void;
  /** How long to accept and serve every new connection first, in milliseconds. */
  stopDelay?: number;
}

/**
 * How often to check the connections while new ones are still accepted, in milliseconds. No client waits for
 * this check.
 */
const POLL_MS = 20;

/**
 * How long to wait, after half of `drainTimeout`, for a moment without newly connected clients, in
 * milliseconds.
 */
const QUIET_MS = 1000;

/** The longest such wait before half of `drainTimeout`, in milliseconds: busy clients may leave no such moment. */
const BUSY_MS = 5000;

/** How often to call `announce` again after the servers have stopped accepting, in milliseconds. */
export const ANNOUNCE_MS = 100;

/**
 * Drains these servers and sockets together, so no client waits for another client: decisions/005. While
 * connections from before the drain are open, new connections are accepted and served, for at most half of
 * `drainTimeout`. The other half is for requests that are then open. Each server accepts until all of them
 * can stop, because no other process serves until this process ends.
 *
 * Resolves when the last connection has closed. The caller destroys the connections that are still open after
 * `drainTimeout`.
 *
 * @param drainTimeout in milliseconds, counted from the end of `stopDelay`. `Infinity` means that there is
 * none.
 */
export async function drainAll(
  drains: readonly Drainable[],
  drainTimeout: number,
  { announce = () => {}, stopDelay = 0 }: DrainOptions = {},
): Promise<void> {
  // A server that does not speak HTTP stops accepting when its drain starts.
  for (const drain of drains) if (stopDelay === 0 || drain.isHttp) drain.startDraining();
  announce();
  if (stopDelay > 0 && drains.length > 0) {
    await pollUntil(() => false, now() + stopDelay);
    for (const drain of drains) drain.startDraining();
  }
  const deadline = now() + drainTimeout / 2;
  await pollUntil(() => !drains.some((drain) => drain.hasEarlierConnections()), deadline);
  for (const drain of drains) drain.endIdleConnections();
  // Otherwise all new clients would wait for a client that has connected but not sent its request.
  const quiet = Math.max(Math.min(deadline, now() + BUSY_MS), now() + Math.min(QUIET_MS, drainTimeout / 4));
  await pollUntil(() => !drains.some((drain) => drain.hasArrivingConnections()), quiet);
  await Promise.all(drains.map((drain) => drain.acceptQueued()));
  debug(() => `accepting no more: ${describe(drains)}`);
  const closed = Promise.all(drains.map((drain) => drain.stopAccepting()));
  const announcing = setInterval(announce, ANNOUNCE_MS);
  if (drains.some(({ connections }) => connections.size > 0)) announce();
  await closed;
  clearInterval(announcing);
}

function describe(drains: readonly Drainable[]): string {
  const open = drains.reduce((sum, drain) => sum + drain.connections.size, 0);
  return `${open} open connection${open === 1 ? "" : "s"}${drains.some((drain) => drain.hasEarlierConnections()) ? ", some from before" : ""}`;
}

/**
 * Waits until `isDone()` returns true or the deadline has passed. If there is nothing to wait for, resolves
 * in the same turn of the event loop. Otherwise, resolves when everything that had arrived is read.
 */
export async function pollUntil(isDone: () => boolean, deadline: number): Promise<void> {
  while (!isDone() && now() < deadline) {
    await delay(POLL_MS);
    await turnOfTheLoop();
  }
}
