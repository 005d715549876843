import { now } from "../shared/timers.ts";
import { ANNOUNCE_MS, pollUntil } from "./drain-all.ts";
import type { Drainable } from "./drainable.ts";
import type { ServerDrain } from "./drain-server.ts";
import { moveConnections, type Receiver } from "./move-connections.ts";

/**
 * Drains these servers and sockets when another process already serves. They stop accepting. In the first
 * half of `drainTimeout`, the connections that can move are moved, and the others may make one more
 * request. A connection that could move, but has not, then has a quarter of `drainTimeout` for its next
 * request. The rest ends as at a stop.
 *
 * Resolves when no connection is left. The caller destroys the connections that are still open after
 * `drainTimeout`.
 *
 * @param drainTimeout in milliseconds. `Infinity` means no limit.
 * @param receiver gets the connections. Undefined if no connection can move.
 * @param announce called when the drain starts, and then repeatedly while a connection is open
 * @param arriving resolves when the process before this one sends no more connections. Until then, these are
 *   moved on.
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
  const closed = Promise.all(
    drains.map((drain) =>
      drain.handOver(receiver && ((stream) => receiver.keptConnection(stream) !== undefined), arriving),
    ),
  );
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
  void receiver.endMoving();
}
