import { constants, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { after } from "../shared/timers.ts";

/** The limits of a server of node:http, in milliseconds. 0 means no limit. */
export interface HttpLimits {
  keepAliveTimeout?: number;
  requestTimeout?: number;
}

/**
 * Applies the limits of an HTTP/1 server to an HTTP/2 session, which has none in Node. A session without a
 * request ends after `keepAliveTimeout`. A request that has not arrived after `requestTimeout` is reset,
 * without effect on other requests of its session.
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
 * Resets the request if it has not arrived within this time. A response 408 would make the app's later
 * response throw.
 */
function limitRequest(stream: ServerHttp2Stream, timeout: number): void {
  if (stream.endAfterHeaders || timeout === 0) return;
  const timer = after(timeout, () => {
    if (isArriving(stream)) stream.close(constants.NGHTTP2_CANCEL);
  })?.unref();
  stream.once("close", () => clearTimeout(timer));
}

/** Whether a part of the request is still missing. */
function isArriving({ state: { state } }: ServerHttp2Stream): boolean {
  return (
    state === constants.NGHTTP2_STREAM_STATE_OPEN ||
    state === constants.NGHTTP2_STREAM_STATE_HALF_CLOSED_LOCAL
  );
}
