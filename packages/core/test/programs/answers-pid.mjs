// Answers with its process ID on the passed sockets.
import { createServer } from "node:http";
import process from "node:process";
import { listen } from "@sockact/core";

await listen(createServer((_request, response) => response.end(JSON.stringify({ pid: process.pid }))));
