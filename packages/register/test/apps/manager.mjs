// A process manager that replaces each worker that ends, until it gets SIGTERM. Then it waits until all workers have ended.
import cluster from "node:cluster";
import { createServer } from "node:http";
import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import { port, whoAmI } from "@sockact/testing/contract-app";

let isStopping = false;

function start(workers) {
  const worker = cluster.fork();
  workers.add(worker);
  worker.on("exit", () => {
    workers.delete(worker);
    if (!isStopping) start(workers);
    else if (workers.size === 0) process.exit(7);
  });
}

if (cluster.isPrimary) {
  const workers = new Set();
  for (let count = 0; count < 2; count++) start(workers);
  // Keeps the process alive, as a connection to a database does.
  setInterval(() => {}, 1000);
  process.on("SIGTERM", async () => {
    // Some managers wait for an answer first.
    if (process.env.LATER) await wait(20);
    isStopping = true;
    for (const worker of workers) worker.kill("SIGTERM");
  });
} else {
  createServer((request, response) => response.end(JSON.stringify(whoAmI(request)))).listen(port);
}
