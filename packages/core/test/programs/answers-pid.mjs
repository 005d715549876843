// Answers with its process ID on the passed sockets, after DELAY milliseconds.
import { createServer } from "node:http";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { listen } from "@sockact/core";

const { DELAY } = process.env;
const server = createServer(async (_request, response) => {
  if (DELAY !== undefined) await delay(Number(DELAY));
  response.end(JSON.stringify({ pid: process.pid }));
});
await listen(server);
