// The app of socket.io's documentation. The one line comes after `new Server(server)`, which hides the app in a closure.
import { createServer } from "node:http";
import express from "express";
import { Server } from "socket.io";
import { systemdListen } from "@sockact/express";
import { options, port, report, whoAmI } from "@sockact/testing/contract-app";

const app = express();
const server = createServer(app);
const io = new Server(server);

app.use(systemdListen(options));
app.get("/", (req, res) => res.json(whoAmI(req)));
io.on("connection", (socket) => socket.on("echo", (text, answer) => answer(text)));

report(server, () => []);
server.listen(port);
