import type { Server } from "node:net";
import type { Server as TlsServer } from "node:tls";
import type { ActivatedSocket } from "../activation/passed-socket.ts";
import type { ProxyReceiver } from "../proxy-protocol/receiver.ts";
import { type ListenHandle, redirectConnections } from "../shared/node-internals.ts";

/** The steps at the beginning of each connection of a socket, before its server gets the connection. */
export interface Preamble {
  /** Reads a PROXY header, which comes first. */
  proxy: ProxyReceiver | undefined;
  /** Speaks TLS, for a server that has none. */
  tls: TlsServer | undefined;
}

export type PreambleOf = (socket: ActivatedSocket) => Preamble;

/** Makes a handle of a server deal with the preamble of each connection. */
export function redirectPreamble(handle: ListenHandle, server: Server, { proxy, tls }: Preamble): void {
  if (proxy) redirectConnections(handle, server, (socket) => proxy.receive(socket, tls ?? server));
  else if (tls) redirectConnections(handle, server, (socket) => tls.emit("connection", socket));
}
