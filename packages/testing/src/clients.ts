import { once } from "node:events";
import type { Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { WebSocket } from "ws";
import { DEADLINE } from "./app-process.ts";
import { openConnection } from "./http-request.ts";

/** Starts TLS on a connection to an address of systemd.socket(5), and accepts any certificate. */
export function openSecurely(address: string, ALPNProtocols?: readonly string[]): TLSSocket {
  return connect({
    socket: openConnection(address),
    rejectUnauthorized: false,
    ...(ALPNProtocols && { ALPNProtocols: [...ALPNProtocols] }),
  });
}

/** As {@link openSecurely}, once the handshake is complete. */
export async function secureConnection(
  address: string,
  ALPNProtocols?: readonly string[],
): Promise<TLSSocket> {
  const socket = openSecurely(address, ALPNProtocols);
  await once(socket, "secureConnect", { signal: AbortSignal.timeout(DEADLINE) });
  return socket;
}

/** The answer to one WebSocket message on this connection. */
export async function webSocketAnswer(open: () => Socket, message: string): Promise<string> {
  const socket = new WebSocket("ws://test/", { createConnection: open });
  const signal = AbortSignal.timeout(DEADLINE);
  await once(socket, "open", { signal });
  socket.send(message);
  const [data] = (await once(socket, "message", { signal })) as [Buffer];
  socket.terminate();
  return data.toString();
}
