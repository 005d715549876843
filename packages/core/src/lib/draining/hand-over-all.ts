import type { Drainable } from "./drainable.ts";
import { ANNOUNCE_MS } from "./drain-all.ts";
import type { ServerDrain } from "./drain-server.ts";
import { moveConnections, type SendConnection } from "./move-connections.ts";

/**
 * Drains these servers and sockets when another process serves already. They accept nothing more. The HTTP/1 connections that can move are moved. The others
 * end as at a stop.
 *
 * Fulfils when no connection is left. The caller destroys the connections that are still open when `drainTimeout` is over.
 *
 * @param send moves a connection. Undefined if no connection can move.
 * @param announce called when the drain starts, and then again and again while a connection is open
 */
export async function handOverAll(
  drains: readonly Drainable[],
  send: SendConnection | undefined,
  announce: () => void,
): Promise<void> {
  const closed = Promise.all(drains.map((drain) => drain.handOver(send !== undefined)));
  announce();
  const announcing = setInterval(announce, ANNOUNCE_MS);
  if (send !== undefined) {
    const servers = drains.filter((drain): drain is ServerDrain => "server" in drain);
    const haveMoved = await moveConnections(servers, send);
    if (!haveMoved) for (const server of servers) server.stopMoving();
  }
  await closed;
  clearInterval(announcing);
}
