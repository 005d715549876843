import { constants, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { after } from "../shared/timers.ts";

/** The limits of a server of node:http, in milliseconds. 0 means that there is none. */
export interface HttpLimits {
  keepAliveTimeout?: number;
  requestTimeout?: number;
}

/**
 * Applies the limits of an HTTP/1 server to an HTTP/2 session, which has none in Node. A session without a
 * request ends after `keepAliveTimeout`. A request that has not arrived after `requestTimeout` is reset, and
 * the other requests of its session are not affected.
 */
export function limitSession(session: ServerHttp2Session, limits: HttpLimits): void {
  let openStreams = 0;
  // The app may change the limit at any time.
  const startIdleTimer = (): void => session.setTimeout(limits.keepAliveTimeout ?? 0);
  session.on("timeout", () => {
    if (openStreams === 0) session.close();
  });
  session.on("stream", (stream) => {
    openStreams++;
    limitRequest(stream, limits.requestTimeout ?? 0);
    stream.once("close", () => {
      openStreams--;
      if (openStreams === 0) startIdleTimer();
    });
  });
  startIdleTimer();
}

/**
 * Resets the request after this time, if it has not arrived by then. A response 408 would make the later
 * response of the app throw.
 */
function limitRequest(stream: ServerHttp2Stream, timeout: number): void {
  if (stream.endAfterHeaders || timeout === 0) return;
  const timer = after(timeout, () => {
    if (isArriving(stream)) stream.close(constants.NGHTTP2_CANCEL);
  })?.unref();
  stream.once("close", () => clearTimeout(timer));
}

/** Whether the client has not sent the whole request yet. */
function isArriving({ state: { state } }: ServerHttp2Stream): boolean {
  return (
    state === constants.NGHTTP2_STREAM_STATE_OPEN ||
    state === constants.NGHTTP2_STREAM_STATE_HALF_CLOSED_LOCAL
  );
}
