import type { ConnectionHandle } from "./node-internals.ts";
import { processState } from "./process-state.ts";

/** What the copies of this package share. Only one of them may have loaded the code that reads headers. */
export const headers = processState("proxy headers", {
  parse: undefined as ((bytes: Buffer) => { header: unknown } | undefined) | undefined,
});

/**
 * All copies of this package share it, because an app may ask another copy than the one that has read the
 * header.
 */
export const HEADER: unique symbol = Symbol.for("sockact.proxyHeader");

/**
 * The handle of a connection. What a PROXY header says is kept here, because Node asks the handle for the
 * address of the client.
 */
export interface ProxiedHandle extends ConnectionHandle {
  /** The bytes of the header. Null if another process has accepted the connection, without a header. */
  [HEADER]?: Buffer | null;
  /** Sets the properties of `address`, and returns 0 or an error number. A unix socket has no such method. */
  getpeername?(address: object): number;
}

/** The header of a connection, in a form that another process can restore. Undefined if it has none. */
export function storedProxyHeader(handle: ConnectionHandle): string | undefined {
  return (handle as ProxiedHandle)[HEADER]?.toString("base64");
}

/** Says that no header must be read from this connection, because another process has accepted it. */
export function expectNoHeader(handle: ConnectionHandle): void {
  (handle as ProxiedHandle)[HEADER] = null;
}
