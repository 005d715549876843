import type { Http2Session, ServerHttp2Stream } from "node:http2";
import type { Server, Socket } from "node:net";
import { now } from "../shared/timers.ts";

/** The HTTP/2 session of a connection. */
export interface Session {
  readonly session: Http2Session;
  /** How many requests are under way. */
  openStreams: number;
  /** Whether there has been a request. */
  hasHadRequest: boolean;
  /** When it was first asked to end, on the clock of now(). */
  endingSince: number | undefined;
}

const SESSION = Symbol("sockact session");

/**
 * Remembers the HTTP/2 session of each connection of a server. Has no effect on a server that speaks only
 * HTTP/1.
 */
export function rememberSessions(server: Server): void {
  server.on("session", (session: Http2Session) => {
    const remembered: Session = { session, openStreams: 0, hasHadRequest: false, endingSince: undefined };
    // session.socket is a proxy. Node passes a property that is set on it to the socket.
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

/** The HTTP/2 session of a connection. Undefined if the connection speaks another protocol. */
export function sessionOf(stream: Socket): Session | undefined {
  return (stream as Socket & { [SESSION]?: Session })[SESSION];
}

/**
 * Sends GOAWAY at the first moment in which no request is under way, or at the next call after `patience`
 * milliseconds. If a request is under way when GOAWAY arrives, Chromium lets a request fail that it is about
 * to send: decisions/005.
 */
export function goAwayWhenIdle(remembered: Session, patience: number): void {
  remembered.endingSince ??= now();
  if (remembered.openStreams === 0 || now() - remembered.endingSince > patience) goAway(remembered);
}

/**
 * Sends GOAWAY, once. It names the last request that is still answered, so a client may safely send any later
 * request again elsewhere (RFC 9113, section 6.8). The connection closes after the last response. The RFC
 * suggests to send a first GOAWAY that refuses nothing. Node can't do that: after any session.goaway(), it
 * ignores new streams, whichever stream the frame names as the last.
 */
export function goAway({ session }: Session): void {
  session.close();
}
