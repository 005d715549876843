import type { ServerResponse } from "node:http";
import { hasHandle, responseOf, speaksHttp } from "../shared/node-internals.ts";
import { isBun } from "../shared/runtime.ts";
import { now } from "../shared/timers.ts";
import type { Connection } from "./connections.ts";
import { sessionOf } from "./http2-sessions.ts";
import { upgradeOf, webSocketOf } from "./upgrades.ts";

/**
 * How long a connection may wait for its first request, in milliseconds. This is Node's default for an idle
 * connection.
 */
export const FIRST_REQUEST_MS = 5000;

/** Whether more than `age` milliseconds have passed since this time of now(). */
export function isOlder(since: number, age: number): boolean {
  return now() - since > age;
}

/**
 * Whether the client of an HTTP server has not sent anything yet. A complete TLS handshake does not count. An
 * upgraded connection may have sent its request to another process.
 */
export function isSilent({ isHttp, stream }: Connection): boolean {
  // A server of Bun's node:http counts no bytes, and reports a connection with its first request.
  const isCounted = !isBun || hasHandle(stream);
  return isHttp && isCounted && stream.bytesRead === 0 && upgradeOf(stream) === undefined;
}

/** Whether the client has not sent a request yet. */
export function isUnused(connection: Connection): boolean {
  const session = sessionOf(connection.stream);
  if (session) return !session.hasHadRequest;
  return connection.inHandshake || isSilent(connection);
}

/** Whether an HTTP/1 connection from before the drain is between two requests. */
export function isBetweenRequests(connection: Connection): boolean {
  const { stream, bytesBeforeDrain } = connection;
  // Bytes read since then belong to a request. A whole request would have been answered with `Connection:
  // close`.
  return (
    speaksHttp(stream) && currentResponse(connection) === undefined && stream.bytesRead === bytesBeforeDrain
  );
}

/** Whether nothing is open, and the server only waits for the client to close the connection. */
export function waitsForClient(connection: Connection): boolean {
  const { stream, isAskedToClose } = connection;
  if (upgradeOf(stream)) return isAskedToClose && webSocketOf(stream) !== undefined;
  const session = sessionOf(stream);
  if (session) return session.hasHadRequest && session.openStreams === 0;
  return isBetweenRequests(connection);
}

/** Whether destroying the connection now would lose data. */
export function isUnderWay(connection: Connection): boolean {
  const { inHandshake, isAskedToClose, isHttp, stream } = connection;
  if (!isHttp) return true;
  if (upgradeOf(stream)) return !isAskedToClose;
  if (speaksHttp(stream)) return currentResponse(connection) !== undefined;
  const session = sessionOf(stream);
  if (session) return session.openStreams > 0;
  return !inHandshake && !isSilent(connection);
}

/** The HTTP/1 response that the connection is busy with, if any. */
function currentResponse({ stream }: Connection): ServerResponse | undefined {
  return speaksHttp(stream) ? responseOf(stream) : undefined;
}
