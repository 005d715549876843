import type { ConnectionHandle } from "./node-internals.ts";
import { processState } from "./process-state.ts";

/** Shared by the copies of this package. Only one of them may have loaded the code that reads headers. */
export const headers = processState("proxy headers", {
  parse: undefined as ((bytes: Buffer) => { header: unknown } | undefined) | undefined,
});

/**
 * Shared by the copies of this package, because an app may ask another copy than the one that read the
 * header.
 */
export const HEADER: unique symbol = Symbol.for("sockact.proxyHeader");

/**
 * The handle of a connection with its PROXY header, because Node asks the handle for the client's address.
 */
export interface ProxiedHandle extends ConnectionHandle {
  /** The bytes of the header. Null if another process accepted the connection, without a header. */
  [HEADER]?: Buffer | null;
  /** Sets the properties of `address`, and returns 0 or an error number. Missing for a unix socket. */
  getpeername?(address: object): number;
}

/** The header of a connection in a form that another process can restore. Undefined if it has none. */
export function storedProxyHeader(handle: ConnectionHandle): string | undefined {
  return (handle as ProxiedHandle)[HEADER]?.toString("base64");
}

/** Marks a connection that another process accepted: no header must be read from it. */
export function expectNoHeader(handle: ConnectionHandle): void {
  (handle as ProxiedHandle)[HEADER] = null;
}
