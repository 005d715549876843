// An app that keeps idle connections open for ten minutes.
import { createServer } from "node:http";
import process from "node:process";
import { listen } from "@sockact/core";

const server = createServer((_request, response) => {
  response.setHeader("x-pid", process.pid).end(JSON.stringify({ pid: process.pid }));
});
server.keepAliveTimeout = 600_000;
await listen(server);
