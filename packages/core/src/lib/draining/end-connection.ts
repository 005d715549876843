import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { FIRST_REQUEST_MS, isOlder } from "./connection-state.ts";
import type { Connection } from "./connections.ts";
import { goAway, goAwayWhenIdle, sessionOf } from "./http2-sessions.ts";
import { endLongPoll } from "./long-polls.ts";
import { upgradeOf, webSocketOf } from "./upgrades.ts";

/** Asks the client of an upgraded connection to close it, in the connection's own protocol. */
export type CloseUpgraded = (socket: Socket, request: IncomingMessage) => void;

/**
 * How long after its upgrade the app is asked to close a connection, in milliseconds. Before that, a library
 * may still be busy with the handshake.
 */
const UPGRADED_MS = 100;

/**
 * How long a new HTTP/2 session gets no GOAWAY, in milliseconds. Chromium sends its waiting requests one
 * after the other, and the first response may precede the last request. If the session ended then, that
 * request would fail in Chromium.
 */
const NEW_SESSION_MS = 250;

/** Closes our side of the connection. The connection closes when everything has been sent. */
export function endConnection({ stream }: Connection): void {
  const session = sessionOf(stream);
  if (session) goAway(session);
  // An HTTP connection may be any Duplex, but only net.Socket has destroySoon().
  else if (typeof stream.destroySoon === "function") stream.destroySoon();
  else stream.end();
}

/**
 * Tells the client that the connection ends: in HTTP/2 with GOAWAY, on a WebSocket of `ws` with close code
 * 1001, and in a session of Engine.IO with its close packet. Other upgraded connections are passed to
 * `closeUpgraded`. Has no effect on other HTTP/1 connections, because their next response has `Connection:
 * close`.
 *
 * @param patience how long GOAWAY may wait for the requests of its session, in milliseconds
 */
export function announceEnd(
  connection: Connection,
  closeUpgraded: CloseUpgraded | undefined,
  patience: number,
): void {
  const { stream, since } = connection;
  const session = sessionOf(stream);
  if (session && isOlder(since, session.hasHadRequest ? NEW_SESSION_MS : FIRST_REQUEST_MS))
    goAwayWhenIdle(session, patience);
  const upgrade = upgradeOf(stream);
  if (upgrade === undefined) return endLongPoll(stream);
  if (connection.isAskedToClose) return;
  const webSocket = webSocketOf(stream);
  if (webSocket) {
    connection.isAskedToClose = true;
    // 1001 means that the server goes down: RFC 6455, section 7.4.1.
    webSocket.close(1001);
  } else if (closeUpgraded && isOlder(upgrade.since, UPGRADED_MS)) {
    connection.isAskedToClose = true;
    closeUpgraded(stream, upgrade.request);
  }
}
