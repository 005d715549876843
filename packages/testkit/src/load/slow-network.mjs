// A network of which each way takes some time, as a proxy on this computer: `tc qdisc … netem` is not in every kernel.
import { once } from "node:events";
import { createConnection, createServer } from "node:net";

/** Resolves to the port of a proxy to this address. What a connection carries, its end and its reset come through late, and alike. */
export async function slowNetwork({ host, port, delay }) {
  const sockets = new Set();
  const proxy = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = createConnection({ host, port, allowHalfOpen: true, noDelay: true });
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

/** Timers of the same length fire in the order in which they were made, so what comes first arrives first. */
function carry(from, to, delay) {
  const late = (action) => setTimeout(() => action(), delay);
  from.on("data", (chunk) => late(() => to.write(chunk)));
  from.on("end", () => late(() => to.end()));
  from.on("error", () => late(() => to.resetAndDestroy()));
}
