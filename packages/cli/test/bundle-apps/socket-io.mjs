import { createServer } from "node:http";
import { Server } from "socket.io";
import version from "./version.cjs";

const server = createServer((request, response) => response.end(JSON.stringify({ version })));
new Server(server).httpServer.listen(3000);
