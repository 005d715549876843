import { createServer } from "node:http";
import Koa from "koa";
import { WebSocketServer } from "ws";
import { systemdListen } from "@sockact/koa";

const app = new Koa();
app.use(systemdListen());
app.use((ctx) => {
  ctx.body = "hello";
});

const server = createServer(app.callback());
const webSockets = new WebSocketServer({ server });
webSockets.on("connection", (socket) => {
  socket.on("message", (data) => socket.send(data));
});
server.listen(3000);
