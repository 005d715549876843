// A worker thread that listens before the main thread does. With `WORKER_ONLY` the main thread never does.
import { once } from "node:events";
import { createServer } from "node:http";
import process from "node:process";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { port, say } from "@sockact/testing/contract-app";

const where = isMainThread ? "main" : "worker";
if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url));
  await once(worker, "message");
  process.stdin.on("end", () => process.exit()).resume();
}
if (!isMainThread || !process.env.WORKER_ONLY) {
  const server = createServer((_request, response) => response.end(where));
  server.listen(isMainThread ? port : Number(process.env.WORKER_PORT));
  await once(server, "listening");
  say(where, { address: server.address() });
}
if (!isMainThread) parentPort.postMessage("listening", []);
