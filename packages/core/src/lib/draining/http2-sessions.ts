import type { Http2Session, ServerHttp2Stream } from "node:http2";
import type { Server, Socket } from "node:net";

/** The HTTP/2 session of a connection. */
export interface Session {
  readonly session: Http2Session;
  /** How many requests are under way. */
  openStreams: number;
  /** Whether there has been a request. */
  hasHadRequest: boolean;
}

const SESSION = Symbol("sockact session");

/** Remembers the HTTP/2 session of each connection of a server. A server that speaks only HTTP/1 has none. */
export function rememberSessions(server: Server): void {
  server.on("session", (session: Http2Session) => {
    const remembered: Session = { session, openStreams: 0, hasHadRequest: false };
    // Node gives only a proxy of the socket, which passes the property on.
    Object.assign(session.socket, { [SESSION]: remembered });
    session.on("stream", (stream: ServerHttp2Stream) => {
      remembered.openStreams++;
      remembered.hasHadRequest = true;
      stream.once("close", () => remembered.openStreams--);
    });
  });
}

/** The HTTP/2 session of a connection; undefined when it speaks another protocol. */
export function sessionOf(stream: Socket): Session | undefined {
  return (stream as Socket & { [SESSION]?: Session })[SESSION];
}

/**
 * Sends GOAWAY, once, which names the last request that is still answered: a client may safely send any later one elsewhere (RFC 9113,
 * section 6.8). The connection closes after the last answer. The RFC suggests a first GOAWAY that refuses nothing, which Node can't send:
 * after any session.goaway(), it ignores new streams, whichever stream the frame names as the last.
 */
export function goAway({ session }: Session): void {
  session.close();
}
