import type { Http2Session, ServerHttp2Stream } from "node:http2";
import type { Server, Socket } from "node:net";

/** What a connection of HTTP/2 is busy with. */
export interface Session {
  readonly session: Http2Session;
  /** How many requests are under way. */
  streams: number;
  /** Whether there has been a request. */
  used: boolean;
}

const SESSION = Symbol("sockact session");

/** Remembers the session of each connection of a server; of one that speaks HTTP/1 alone there are none. */
export function rememberSessions(server: Server): void {
  server.on("session", (session: Http2Session) => {
    const remembered: Session = { session, streams: 0, used: false };
    // Node shows no more of the socket than a proxy, which passes this on.
    Object.assign(session.socket, { [SESSION]: remembered });
    session.on("stream", (stream: ServerHttp2Stream) => {
      remembered.streams++;
      remembered.used = true;
      stream.once("close", () => remembered.streams--);
    });
  });
}

export function sessionOf(stream: Socket): Session | undefined {
  return (stream as Socket & { [SESSION]?: Session })[SESSION];
}

/**
 * Sends GOAWAY, once, which names the last request that is still answered: a client may safely send any later one elsewhere (RFC 9113,
 * section 6.8). The connection closes behind the last answer. A first GOAWAY that refuses nothing, as the RFC suggests, is not to be had:
 * behind any session.goaway() Node ignores new streams, whatever the last one is said to be.
 */
export function goAway({ session }: Session): void {
  session.close();
}
