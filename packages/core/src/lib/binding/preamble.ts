import type { Server } from "node:net";
import type { Server as TlsServer } from "node:tls";
import type { ActivatedSocket } from "../activation/passed-socket.ts";
import type { ProxyReceiver } from "../proxy-protocol/receiver.ts";
import { type ListenHandle, redirectConnections } from "../shared/node-internals.ts";

/** What happens at the start of each connection, before its server gets it. */
export interface Preamble {
  /** Reads a PROXY header first. */
  proxy: ProxyReceiver | undefined;
  /** Uses TLS for a server without TLS. */
  tls: TlsServer | undefined;
}

export type PreambleOf = (socket: ActivatedSocket) => Preamble;

/** Makes a handle of a server process the preamble of each connection. */
export function redirectPreamble(handle: ListenHandle, server: Server, { proxy, tls }: Preamble): void {
  if (proxy) redirectConnections(handle, server, (socket) => proxy.receive(socket, tls ?? server));
  else if (tls) redirectConnections(handle, server, (socket) => tls.emit("connection", socket));
}
