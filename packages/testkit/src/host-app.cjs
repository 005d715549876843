// An app behind a proxy, with what browsers do: requests, forms, uploads, event streams and WebSockets. With PORT,
// it is an app without sockact, which ends in the way that the documentation of Express shows.
const express = require("express");
const process = require("node:process");
const { WebSocketServer } = require("ws");

/** How long a handler works, and how long there is nothing new in an event stream, in milliseconds. */
const WORK = 5;
const NEWS = 50;

const streams = new Set();
const endStreams = () => streams.forEach((response) => response.end());

const app = express();
const { PORT } = process.env;
if (PORT === undefined) app.use(require("@sockact/express").systemdListen({ onDrain: endStreams }));
app.use((_, response, next) => {
  response.set("x-pid", process.pid);
  next();
});
app.get("/", (_, response) => setTimeout(() => response.send("hello"), WORK));
app.post("/form", express.text({ type: "*/*" }), (request, response) => response.send(request.body));
app.put("/upload", async (request, response) => {
  let bytes = 0;
  for await (const chunk of request) bytes += chunk.length;
  response.send(String(bytes));
});
app.get("/events", (_, response) => {
  response.writeHead(200, { "content-type": "text/event-stream" }).write("data: hello\n\n");
  streams.add(response);
  const timer = setInterval(() => response.writableEnded || response.write("data: news\n\n"), NEWS);
  response.on("close", () => {
    clearInterval(timer);
    streams.delete(response);
  });
});
const server = app.listen(PORT ?? 3000);
const webSockets = new WebSocketServer({ server });
webSockets.on("connection", (socket) => {
  socket.on("message", (data) => socket.send(data));
  // Without it, a reload of Caddy 2.6.2 would end the process: docs/hosts.md.
  socket.on("error", () => {});
});

if (PORT !== undefined)
  process.on("SIGTERM", () => {
    server.close(() => process.exit());
    server.closeIdleConnections();
    endStreams();
    for (const socket of webSockets.clients) socket.close(1001);
  });
