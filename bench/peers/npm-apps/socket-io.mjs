import { createServer } from "node:http";
import process from "node:process";
import express from "express";
import { Server } from "socket.io";

const app = express();
app.get("/", (_request, response) => void response.send("Socket.IO"));
const server = createServer(app);
const io = new Server(server);
io.on("connection", (socket) => socket.on("message", (message) => io.emit("message", message)));
server.listen(Number(process.env.PORT), "127.0.0.1");
