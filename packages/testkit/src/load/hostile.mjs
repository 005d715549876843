// Clients that never end what they have begun. In each round, as many come anew, and nobody reads, sends or closes anything more.
import { once } from "node:events";
import { connect } from "node:net";

/** More than the buffers of the kernel hold. */
const LARGE = 32 * 1024 * 1024;

/** What they send, by turns. */
const sent = [
  (host) => `GET / HTTP/1.1\r\nHost: ${host}\r\nX-Half: `,
  (host) => `GET /download?bytes=${LARGE}&seed=1 HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
  (host) =>
    `PUT /upload HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/octet-stream\r\nContent-Length: 10\r\n\r\n12345`,
];

/** @param {{ host: string, port: number, clients: number }} options */
export function start({ host, port, clients }) {
  const sockets = [];

  async function open() {
    const text = sent[sockets.length % sent.length](host);
    const socket = connect({ host, port });
    sockets.push(socket);
    socket.pause().on("error", () => {});
    await once(socket, "connect");
    await new Promise((resolve) => socket.write(text, resolve));
  }

  return {
    round: () => Promise.all(Array.from({ length: clients }, open)),
    async stop() {
      for (const socket of sockets) socket.destroy();
      return { connections: sockets.length };
    },
  };
}
