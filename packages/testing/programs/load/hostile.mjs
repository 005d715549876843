// Clients that never finish what they start. Each round adds the same number of clients. None reads, sends or
// closes anything more.
import { once } from "node:events";
import { connect } from "node:net";

/** More than fits into the buffers of the kernel. */
const LARGE = 32 * 1024 * 1024;

/** What they send, in turn. */
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
