// Echoes the messages of WebSockets. With KEEP, they stay open at a handover.
import { createServer } from "node:http";
import process from "node:process";
import { WebSocketServer } from "ws";
import { listen } from "@sockact/core";
import { keepWebSockets } from "@sockact/websocket";

const server = createServer();
const sockets = new WebSocketServer({ server });
const echo = (ws) => ws.on("message", (data) => ws.send(data));
sockets.on("connection", echo);
if (process.env.KEEP) keepWebSockets(sockets, { restore: echo });
await listen(server);
