import net from "node:net";

/** What the code of an intruder would try: a connection to another service, here to port 443. Resolves to `connected`, or to the error. */
export function tryToConnect() {
  return new Promise((resolve) => {
    const socket = net.connect(443, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve("connected");
    });
    socket.on("error", ({ code }) => resolve(code));
  });
}
