import { now } from "../shared/timers.ts";
import { ANNOUNCE_MS, pollUntil } from "./drain-all.ts";
import type { Drainable } from "./drainable.ts";
import type { ServerDrain } from "./drain-server.ts";
import { moveConnections, type Receiver } from "./move-connections.ts";

/**
 * Drains these servers and sockets when another process serves already. They accept nothing more. In the
 * first half of `drainTimeout`, the HTTP/1 connections that can move are moved, and the others may make one
 * more request. A connection that could move, and has not, still has a quarter of `drainTimeout` for its next
 * request. Then what is left ends as at a stop.
 *
 * Resolves when no connection is left. The caller destroys the connections that are still open when
 * `drainTimeout` is over.
 *
 * @param drainTimeout in milliseconds. `Infinity` means that there is none.
 * @param receiver gets the connections. Undefined if no connection can move.
 * @param announce called when the drain starts, and then again and again while a connection is open
 * @param arriving resolves when no connections come any more from the process before this one. Until then,
 * they are moved on.
 */
export async function handOverAll(
  drains: readonly Drainable[],
  drainTimeout: number,
  {
    receiver,
    announce,
    arriving,
  }: { receiver: Receiver | undefined; announce: () => void; arriving: Promise<void> | undefined },
): Promise<void> {
  const closed = Promise.all(drains.map((drain) => drain.handOver(receiver !== undefined, arriving)));
  announce();
  const announcing = setInterval(announce, ANNOUNCE_MS);
  const deadline = now() + drainTimeout / 2;
  if (receiver) await moveAll(drains, receiver, { deadline, arriving });
  // A client whose connection has not moved does not know yet that it ends.
  const end = Math.max(deadline, now() + drainTimeout / 4);
  await pollUntil(() => !drains.some((drain) => drain.hasEarlierConnections()), end);
  for (const drain of drains) drain.endWaiting();
  await closed;
  clearInterval(announcing);
}

async function moveAll(
  drains: readonly Drainable[],
  receiver: Receiver,
  { deadline, arriving }: { deadline: number; arriving: Promise<void> | undefined },
): Promise<void> {
  const servers = drains.filter((drain): drain is ServerDrain => "server" in drain);
  let isArriving = arriving !== undefined;
  void arriving?.then(() => (isArriving = false));
  await moveConnections(servers, receiver, { deadline, isArriving: () => isArriving });
  for (const server of servers) server.stopMoving();
  receiver.endMoving();
}
