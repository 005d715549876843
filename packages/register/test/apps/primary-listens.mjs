// A cluster whose primary listens too, before there are workers: for what its operators look at.
import cluster from "node:cluster";
import { createServer } from "node:http";
import process from "node:process";
import { port, say } from "@sockact/testkit/contract-app";

const where = cluster.isPrimary ? "primary" : "worker";
const server = createServer((_request, response) => response.end(where));
server.listen(cluster.isPrimary ? Number(process.env.ADMIN_PORT) : port, () => {
  say(where, { address: server.address() });
  if (cluster.isPrimary) cluster.fork();
});
