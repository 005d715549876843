// A process manager: it starts a worker for each that ends, until it gets SIGTERM. Then it waits until all have ended.
import cluster from "node:cluster";
import { createServer } from "node:http";
import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import { port, whoAmI } from "@sockact/testkit/contract-app";

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
  // Something else that it does, such as a connection to a database.
  setInterval(() => {}, 1000);
  process.on("SIGTERM", async () => {
    // As where it has to ask something first.
    if (process.env.LATER) await wait(20);
    isStopping = true;
    for (const worker of workers) worker.kill("SIGTERM");
  });
} else {
  createServer((request, response) => response.end(JSON.stringify(whoAmI(request)))).listen(port);
}
