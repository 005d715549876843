// Asks for the sockets in a worker thread, and before or after that in the main thread.
import { isMainThread, Worker } from "node:worker_threads";
import { createServer } from "node:http";
import { activatedSockets, listen } from "@sockact/core";

const say = (event, more = {}) => console.log(JSON.stringify({ event, ...more }));
if (isMainThread) {
  if (process.argv[2] === "main first") say("main", { count: activatedSockets().length });
  new Worker(new URL(import.meta.url)).on("exit", () => say("main", { count: activatedSockets().length }));
} else {
  try {
    say("worker", await listen(createServer(), { port: 0 }));
  } catch (error) {
    say("worker", { code: error.code, message: error.message });
  }
  process.exit();
}
