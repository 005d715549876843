import { setTimeout as delay } from "node:timers/promises";
import { performance } from "node:perf_hooks";
import { debug } from "../debug.ts";
import type { Drainable } from "./drainable.ts";

/** How often the connections are looked at while new ones are still accepted, in milliseconds. No client waits for it. */
const LOOK_MS = 20;

/** How long to look for a moment in which no client has just connected, in milliseconds. */
const QUIET_MS = 1000;

/**
 * Drains these together, so that no client waits for another one: decisions/005. While connections from before are open, new ones are accepted
 * and served. That lasts half of `drainTimeout` at most; the other half is for requests that are under way by then. Each server accepts until all
 * of them can stop, since no process takes the place of a server that has stopped.
 *
 * Fulfils when the last connection has closed. Whoever calls it sees to the end of `drainTimeout`.
 *
 * @param drainTimeout in milliseconds; `Infinity` for no limit
 * @param announce called when it begins, and again before nothing is accepted any more, if a connection is open then
 */
export async function drainAll(
  drains: readonly Drainable[],
  drainTimeout: number,
  announce: () => void = () => {},
): Promise<void> {
  for (const drain of drains) drain.begin();
  announce();
  const deadline = performance.now() + drainTimeout / 2;
  const hasWaited = drains.some((drain) => drain.hasEarlierConnections());
  await lookUntil(() => !drains.some((drain) => drain.hasEarlierConnections()), deadline);
  // A client that has connected and not yet sent its request would have to be waited for while nobody accepts.
  const quiet = Math.min(deadline, performance.now() + QUIET_MS);
  await lookUntil(() => !drains.some((drain) => drain.hasArrivingConnections()), quiet);
  if (hasWaited && drains.some(({ connections }) => connections.size > 0)) announce();
  debug(() => `accepting no more: ${describe(drains)}`);
  await Promise.all(drains.map((drain) => drain.finish()));
}

function describe(drains: readonly Drainable[]): string {
  const open = drains.reduce((sum, drain) => sum + drain.connections.size, 0);
  return `${open} open connection${open === 1 ? "" : "s"}${drains.some((drain) => drain.hasEarlierConnections()) ? ", some from before" : ""}`;
}

/** Fulfils in the same turn of the event loop when there is nothing to wait for. */
async function lookUntil(isDone: () => boolean, deadline: number): Promise<void> {
  while (!isDone() && performance.now() < deadline) await delay(LOOK_MS);
}
