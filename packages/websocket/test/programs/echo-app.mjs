// Sends each message back. WS is the package ws.
import { createServer } from "node:http";
import process from "node:process";
import { listen } from "@sockact/core";
import { keepWebSockets } from "@sockact/websocket";

const { WebSocketServer } = await import(process.env.WS);
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
