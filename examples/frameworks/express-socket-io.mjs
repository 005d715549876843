import { createServer } from "node:http";
import express from "express";
import { Server } from "socket.io";
import { systemdListen } from "@sockact/express";

const app = express();
app.use(systemdListen());
app.get("/", (req, res) => res.send("hello"));

const server = createServer(app);
const io = new Server(server);
io.on("connection", (socket) => {
  socket.on("echo", (text, answer) => answer(text));
});
server.listen(3000);
