// Sends each message back, with the id of the process, by @fastify/websocket.
import process from "node:process";
import websocket from "@fastify/websocket";
import { systemdListen } from "@sockact/fastify";
import { keepWebSockets } from "@sockact/websocket";
import fastify from "fastify";

const app = fastify();
app.register(systemdListen);
await app.register(websocket);

function echo(ws, user) {
  ws.user = user;
  ws.on("message", (message) => ws.send(`${message} ${process.pid} ${user}`));
}

app.get("/chat/:user", { websocket: true }, (ws, request) => echo(ws, request.params.user));
app.get("/", async () => "hello");
keepWebSockets(app.websocketServer, {
  save: ({ user }) => ({ user }),
  restore: (ws, { user }) => echo(ws, user),
});
await app.listen();
