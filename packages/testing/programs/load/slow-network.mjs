// Simulates a slow network with a local proxy that delays each direction. Not every kernel has `tc qdisc …
// netem`.
import { once } from "node:events";
import { createConnection, createServer } from "node:net";

/**
 * Resolves to the port of a proxy to this address. It delays the data, the end and the reset of a connection
 * equally.
 */
export async function slowNetwork({ host, port, path, delay }) {
  const sockets = new Set();
  const proxy = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = createConnection({ host, port, path, allowHalfOpen: true, noDelay: true });
    carry(near, far, delay);
    carry(far, near, delay);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    }
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  return {
    port: proxy.address().port,
    close() {
      proxy.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Timers with the same delay fire in the order of their creation, so the data stays in order. */
function carry(from, to, delay) {
  const late = (action) => setTimeout(() => action(), delay);
  from.on("data", (chunk) => late(() => to.write(chunk)));
  from.on("end", () => late(() => to.end()));
  from.on("error", () => late(() => to.resetAndDestroy()));
}
