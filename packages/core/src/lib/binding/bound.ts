import type { ActivatedSocket } from "../activation/passed-socket.ts";
import type { ProxyReceiver } from "../proxy-protocol/receiver.ts";
import type { TlsAcceptor } from "./tls-acceptor.ts";

/** The passed sockets that a server listens on. */
export interface BoundSockets {
  sockets: readonly ActivatedSocket[];
  /** The TLS acceptors of those sockets that have TLS. */
  acceptors: readonly TlsAcceptor[];
  /** The receivers of those sockets whose connections begin with a PROXY header. */
  proxies: readonly ProxyReceiver[];
}

/** For a server that listens on no passed socket. */
export const NO_SOCKETS: BoundSockets = { sockets: [], acceptors: [], proxies: [] };
