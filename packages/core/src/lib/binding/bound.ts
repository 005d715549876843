import type { ActivatedSocket } from "../activation/passed-socket.ts";
import type { ProxyReceiver } from "../proxy-protocol/receiver.ts";
import type { TlsAcceptor } from "./tls-acceptor.ts";

/** The passed sockets that a server listens on. */
export interface BoundSockets {
  sockets: readonly ActivatedSocket[];
  /** The TLS acceptors of the sockets with TLS. */
  acceptors: readonly TlsAcceptor[];
  /** The receivers of the sockets with PROXY headers. */
  proxies: readonly ProxyReceiver[];
}

/** For a server without passed sockets. */
export const NO_SOCKETS: BoundSockets = { sockets: [], acceptors: [], proxies: [] };
