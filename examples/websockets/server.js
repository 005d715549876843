import { createServer } from "node:http";
import process from "node:process";
import { systemdListen } from "@sockact/express";
import express from "express";
import { WebSocketServer } from "ws";

const app = express();
app.use(systemdListen());
app.get("/", (_request, response) => {
  response.type("text").send("Connect with: npm run client\n");
});

const server = createServer(app);

// The app has no code for a stop: sockact tells each client with the close code 1001.
new WebSocketServer({ server }).on("connection", (socket) => {
  socket.on("message", (data) => {
    const { id } = JSON.parse(data);
    socket.send(JSON.stringify({ id, pid: process.pid }));
  });
});

server.listen(3000, () => console.log("Listening on", server.address()));
