// A server that sends its connections to a child process, as @socket.io/sticky does. The child greets each client, and closes the connections at SIGUSR2. At SIGUSR2,
// the server says how many of its connections V8 has collected.
import { fork } from "node:child_process";
import { createServer } from "node:http";
import process from "node:process";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
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
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc");
  let collected = 0;
  const registry = new FinalizationRegistry(() => collected++);
  process.on("SIGUSR2", async () => {
    collectGarbage();
    await turnOfTheLoop();
    say("collected", { collected });
  });
  const server = createServer();
  server.on("connection", (socket) => {
    registry.register(socket, undefined);
    socket.removeAllListeners("data");
    socket.once("data", () => child.send({}, socket));
  });
  await listen(server, {
    onStop: () => say("stopped"),
    onEvent: ({ type, error, connections }) => say(type, { code: error?.code, connections }),
  });
  say("up", { child: child.pid });
}
