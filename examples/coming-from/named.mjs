import { createServer } from "node:http";
import { listen } from "@sockact/core";

const server = createServer((_request, response) => response.end("hello"));
await listen(server, { name: "http", port: 3000 });
