import { setTimeout as delay } from "node:timers/promises";
import { debug } from "../shared/debug.ts";
import { now } from "../shared/timers.ts";
import type { Drainable } from "./drainable.ts";

/** How often the connections are looked at while new ones are still accepted, in milliseconds. No client waits for it. */
const POLL_MS = 20;

/** How long to look for a moment in which no client has just connected when half of `drainTimeout` is over, in milliseconds. */
const QUIET_MS = 1000;

/** How often to announce the end again once nothing is accepted any more, in milliseconds. */
const ANNOUNCE_MS = 100;

/**
 * Drains these together, so that no client waits for another one: decisions/005. While connections from before are open, new ones are accepted
 * and served. That lasts half of `drainTimeout` at most; the other half is for requests that are under way by then. Each server accepts until all
 * of them can stop, since no process takes the place of a server that has stopped.
 *
 * Fulfils when the last connection has closed. The caller destroys what is still open when `drainTimeout` is over.
 *
 * @param drainTimeout in milliseconds; `Infinity` for no limit
 * @param announce called when the drain starts; and once nothing is accepted any more, again and again while a connection is open: a request that is
 * under way may open a stream at any time
 */
export async function drainAll(
  drains: readonly Drainable[],
  drainTimeout: number,
  announce: () => void = () => {},
): Promise<void> {
  for (const drain of drains) drain.startDraining();
  announce();
  const deadline = now() + drainTimeout / 2;
  await pollUntil(() => !drains.some((drain) => drain.hasEarlierConnections()), deadline);
  for (const drain of drains) drain.endIdleConnections();
  // A client that has connected and not yet sent its request would have to be waited for while nothing is accepted.
  const quiet = Math.max(deadline, now() + Math.min(QUIET_MS, drainTimeout / 4));
  await pollUntil(() => !drains.some((drain) => drain.hasArrivingConnections()), quiet);
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

/** Fulfils in the same turn of the event loop when there is nothing to wait for. */
async function pollUntil(isDone: () => boolean, deadline: number): Promise<void> {
  while (!isDone() && now() < deadline) await delay(POLL_MS);
}
