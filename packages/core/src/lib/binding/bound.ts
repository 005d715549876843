import type { ActivatedSocket } from "../activation/passed-socket.ts";
import type { TlsAcceptor } from "./tls-acceptor.ts";

/** What a server listens on. */
export interface BoundSockets {
  sockets: readonly ActivatedSocket[];
  /** What speaks TLS on some of them. */
  acceptors: readonly TlsAcceptor[];
}

/** Of a server that listens on nothing that was passed. */
export const NO_SOCKETS: BoundSockets = { sockets: [], acceptors: [] };
