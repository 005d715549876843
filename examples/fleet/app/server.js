import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { hostname } from "node:os";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { systemdListen } from "@sockact/express";
import express from "express";
import { WebSocketServer } from "ws";

// `fault` makes this version a bad one, to show what a deploy does then.
const { version, fault } = JSON.parse(readFileSync(new URL("version.json", import.meta.url), "utf8"));
if (fault === "crash") throw new Error(`Version ${version} crashes when it starts.`);
// Native code fails so.
if (fault === "native" && process.execPath.startsWith("/srv/node/"))
  throw new Error("NODE_MODULE_VERSION is another one.");

const tls = { key: "key.pem", cert: "cert.pem" };
const app = express();
app.use(
  systemdListen({
    healthCheck: () => fault !== "unhealthy",
    sockets: { web: {}, "web-tls": { tls }, local: {}, "local-tls": { tls } },
  }),
);

/** Everything that the clients want to know about the request. */
const about = (socket) => ({
  version,
  host: hostname(),
  pid: process.pid,
  client: socket.remoteAddress,
  port: socket.remotePort,
  tls: Boolean(socket.encrypted),
});

app.all("/", (request, response) => response.json(about(request.socket)));

// These are under way for a while, so that a stop always finds some of them.
app.all("/slow", async (request, response) => {
  await delay(100 + Math.random() * 200);
  response.json(about(request.socket));
});

const server = createServer(app);
new WebSocketServer({ server }).on("connection", (webSocket, request) => {
  if (request.url === "/about") webSocket.send(JSON.stringify(about(request.socket)));
  webSocket.on("message", (data, isBinary) => webSocket.send(data, { binary: isBinary }));
});

server.listen(3000, () => console.log(`Version ${version} listens in process ${process.pid}`));
