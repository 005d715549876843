// A server that prints where it listens, and whose events go to standard error.
import { createServer } from "node:http";
import { listen } from "@sockact/core";

const server = createServer((request, response) => response.end("answer"));
await listen(server);
console.log(JSON.stringify({ event: "listens" }));
