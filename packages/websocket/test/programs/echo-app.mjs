// Sends each message back.
import { createServer } from "node:http";
import process from "node:process";
import { WebSocketServer } from "ws";
import { listen } from "@sockact/core";
import { keepWebSockets } from "@sockact/websocket";

const server = createServer();
const sockets = new WebSocketServer({
  server,
  maxPayload: 2 ** 20,
  perMessageDeflate: { threshold: 0 },
});

function echo(ws) {
  ws.on("error", () => {});
  ws.on("message", (data, isBinary) =>
    ws.send(data.toString() === "pid" ? String(process.pid) : data, { binary: isBinary }),
  );
}

sockets.on("connection", echo);
keepWebSockets(sockets, { restore: echo });
await listen(server);
