// Answers the connections that its parent sends.
import { createServer } from "node:http";
import process from "node:process";

const server = createServer((_request, response) => {
  response.setHeader("x-pid", process.pid).end("hello");
});
process.on("message", (_message, socket) => {
  server.emit("connection", socket);
  socket.resume();
});
// Signals go to the whole service. The parent says when the connections have ended.
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => {});
