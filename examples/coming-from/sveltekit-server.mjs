import { createServer } from "node:http";
import { listen } from "@sockact/core";
import { handler } from "./build/handler.js";

const server = createServer(handler);
await listen(server, { port: 3000 });
