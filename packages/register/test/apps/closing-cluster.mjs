// A cluster of two. Its workers close their server at SIGTERM, as apps of frameworks do, and end because nothing is left to do.
import cluster from "node:cluster";
import { createServer } from "node:http";
import process from "node:process";
import { port, say, whoAmI } from "@sockact/testing/contract-app";

if (cluster.isPrimary) {
  cluster.on("listening", () => say("worker"));
  cluster.on("exit", (_worker, code, signal) => say("exit", { code, signal }));
  for (let count = 0; count < 2; count++) cluster.fork();
} else {
  const server = createServer((request, response) => response.end(JSON.stringify(whoAmI(request))));
  process.on("SIGTERM", () => server.close());
  server.listen(port);
}
