import type { Connection } from "./connections.ts";
import { sessionOf } from "./http2-sessions.ts";

/** The connections that have carried a health probe. In HTTP/2, the session represents its connection. */
const probed = new WeakSet<object>();

/** Those that have carried any other request. */
const used = new WeakSet<object>();

/** @param carrier the socket of an HTTP/1 request, or the session of an HTTP/2 request */
export function noteProbe(carrier: object): void {
  probed.add(carrier);
}

/** Called for any other request. */
export function noteRequest(carrier: object): void {
  used.add(carrier);
}

/** Whether this connection has carried only health probes. */
export function isProbeCarrier(carrier: object): boolean {
  return probed.has(carrier) && !used.has(carrier);
}

/** Whether this connection has carried only health probes. It then does not count as activity of the app. */
export function isProbeConnection({ stream }: Connection): boolean {
  return isProbeCarrier(sessionOf(stream)?.session ?? stream);
}
