import type { Http2Session, ServerHttp2Stream } from "node:http2";
import type { Server, Socket } from "node:net";
import { now } from "../shared/timers.ts";

/** The HTTP/2 session of a connection. */
export interface Session {
  readonly session: Http2Session;
  /** The number of open requests. */
  openStreams: number;
  /** Whether there has been a request. */
  hasHadRequest: boolean;
  /** When it was first asked to end, by now(). */
  endingSince: number | undefined;
}

const SESSION = Symbol("sockact session");

/** Records the HTTP/2 session of each connection of a server. Has no effect on a server for HTTP/1 only. */
export function rememberSessions(server: Server): void {
  server.on("session", (session: Http2Session) => {
    const remembered: Session = { session, openStreams: 0, hasHadRequest: false, endingSince: undefined };
    // session.socket is a proxy, and Node sets the property on the socket.
    Object.assign(session.socket, { [SESSION]: remembered });
    session.on("stream", (stream: ServerHttp2Stream) => {
      remembered.openStreams++;
      remembered.hasHadRequest = true;
      stream.once("close", () => {
        remembered.openStreams--;
        if (remembered.openStreams === 0 && remembered.endingSince !== undefined) goAway(remembered);
      });
    });
  });
}

/** The HTTP/2 session of a connection. Undefined for another protocol. */
export function sessionOf(stream: Socket): Session | undefined {
  return (stream as Socket & { [SESSION]?: Session })[SESSION];
}

/**
 * Sends GOAWAY at the first moment without open requests, or at the next call after `patience` milliseconds.
 * If GOAWAY arrives during a request, a request that Chromium is about to send fails: decisions/005.
 */
export function goAwayWhenIdle(remembered: Session, patience: number): void {
  remembered.endingSince ??= now();
  if (remembered.openStreams === 0 || now() - remembered.endingSince > patience) goAway(remembered);
}

/**
 * Sends GOAWAY, once. It names the last request that is still answered, so a client can safely send any later
 * request again elsewhere (RFC 9113, section 6.8). The connection closes after the last response. The RFC
 * suggests a first GOAWAY that rejects nothing. Node can't do that: after any session.goaway(), it ignores
 * new streams, whichever stream the frame names as the last.
 */
export function goAway({ session }: Session): void {
  session.close();
}
