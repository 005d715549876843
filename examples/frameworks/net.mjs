import { createServer } from "node:net";
import { listen } from "@sockact/core";

const server = createServer((socket) => socket.pipe(socket));
await listen(server, { port: 3000 });
