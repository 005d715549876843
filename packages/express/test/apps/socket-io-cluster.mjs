// A cluster of socket.io with sticky sessions, as in docs/cluster.md. The primary accepts the connections, and sends each to a worker.
import cluster from "node:cluster";
import { once } from "node:events";
import { createServer } from "node:http";
import process from "node:process";
import { createAdapter, setupPrimary } from "@socket.io/cluster-adapter";
import { setupMaster, setupWorker } from "@socket.io/sticky";
import { Server } from "socket.io";
import { listen } from "@sockact/core";

if (cluster.isPrimary) {
  const server = createServer();
  setupMaster(server, { loadBalancingMethod: "least-connection" });
  setupPrimary();
  cluster.setupPrimary({ serialization: "advanced" });
  const fork = () => once(cluster.fork(), "message");
  const workers = [fork(), fork()];
  cluster.on("exit", fork);
  // A connection that is sent to a worker before its setupWorker() is lost.
  await Promise.all(workers);
  await listen(server, { port: 3000 });
} else {
  // A client whose first message was lost on the way to its worker connects again after this time.
  const io = new Server(createServer(), { adapter: createAdapter(), connectTimeout: 5000 });
  io.on("connection", (socket) => socket.on("echo", (text, answer) => answer(`${text} ${process.pid}`)));
  setupWorker(io);
  process.send("ready");
  // Not once(): the service manager and the primary may both send the signal.
  process.on("SIGTERM", async () => {
    await io.close();
    // The time for the last responses.
    setTimeout(() => process.exit(), 1000);
  });
}
