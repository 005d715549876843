// A cluster with two workers, or WORKERS, that forks a new worker for each one that has ended. A worker crashes before it listens while CRASH exists, and so does the primary if
// END_WITH_WORKER is set. With WORKERS_ASK, the workers alone have the option `handover`, and the primary ends at SIGHUP by itself.
import cluster from "node:cluster";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import process from "node:process";
import { listen } from "@sockact/core";

const { CRASH, END_WITH_WORKER, WORKERS = 2, WORKERS_ASK } = process.env;
const say = (event, more = {}) =>
  process.stdout.write(`${JSON.stringify({ event, pid: process.pid, primary: process.ppid, ...more })}\n`);

if (cluster.isPrimary) {
  if (WORKERS_ASK) process.on("SIGHUP", () => process.exit(1));
  for (let count = 0; count < Number(WORKERS); count++) cluster.fork();
  cluster.on("exit", (_worker, code) => {
    if (END_WITH_WORKER && code === 9) process.exit(4);
    cluster.fork();
  });
} else {
  if (existsSync(CRASH)) process.exit(9);
  const server = createServer((request, response) => {
    const body = JSON.stringify({ pid: process.ppid, worker: process.pid, url: request.url, facts: {} });
    if (request.method === "POST") request.resume().on("end", () => response.end(body));
    else response.end(body);
  });
  server.keepAliveTimeout = 500;
  await listen(server, { onStop: async () => say("stopped"), ...(WORKERS_ASK && { handover: true }) });
  say("up");
}
