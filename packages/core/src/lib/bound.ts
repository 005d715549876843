import type { ActivatedSocket } from "./passed-socket.ts";
import type { TlsAcceptor } from "./tls/acceptor.ts";

/** What a server listens on. */
export interface Bound {
  sockets: readonly ActivatedSocket[];
  /** What speaks TLS on some of them. */
  acceptors: readonly TlsAcceptor[];
}

/** Of a server that listens on nothing that was passed. */
export const NOTHING: Bound = { sockets: [], acceptors: [] };
