import net from "node:net";

/** Tries to connect to another service, as an intruder's code would. Here, this is port 443. Resolves to `connected`, or to the code of the error. */
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
