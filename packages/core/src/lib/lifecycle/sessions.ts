import { constants, type Http2Session } from "node:http2";
import type { Server } from "node:net";

/** How long a client's last requests may be on their way when it is told to send no more, in milliseconds. */
const ROUND_TRIP = 1000;

/** The highest id that a stream can have. */
const ANY_STREAM = 2 ** 31 - 1;

/** The open HTTP/2 sessions of a server; of one that speaks HTTP/1 alone, none. */
export function trackSessions(server: Server): ReadonlySet<Http2Session> {
  const sessions = new Set<Http2Session>();
  server.on("session", (session: Http2Session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
  });
  return sessions;
}

/**
 * Ends a session as RFC 9113, section 6.8, says: a first GOAWAY that refuses nothing, so that requests which are on their way are
 * answered, and a round trip later the one that counts. The connection closes behind the last answer.
 */
export function goAway(session: Http2Session): void {
  session.goaway(constants.NGHTTP2_NO_ERROR, ANY_STREAM);
  setTimeout(() => {
    if (!session.closed && !session.destroyed) session.close();
  }, ROUND_TRIP);
}
