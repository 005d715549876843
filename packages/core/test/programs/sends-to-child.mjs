// A server that sends its connections to a child process, as @socket.io/sticky does. The child greets each client, and closes the connections at SIGUSR2.
import { fork } from "node:child_process";
import { createServer } from "node:http";
import process from "node:process";
import { listen } from "@sockact/core";

const say = (event, more = {}) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);

if (process.argv[2] === "child") {
  const sockets = [];
  process.on("message", (_, socket) => {
    sockets.push(socket);
    socket.write("hello");
  });
  process.on("SIGUSR2", () => sockets.forEach((socket) => socket.end("bye")));
  process.on("SIGTERM", () => {});
} else {
  const child = fork(new URL(import.meta.url), ["child"], { stdio: ["ignore", "ignore", "ignore", "ipc"] });
  const server = createServer();
  server.on("connection", (socket) => {
    socket.removeAllListeners("data");
    socket.once("data", () => child.send({}, socket));
  });
  await listen(server, {
    onStop: () => say("stopped"),
    onEvent: ({ type, error }) => say(type, { code: error?.code }),
  });
  say("up", { child: child.pid });
}
