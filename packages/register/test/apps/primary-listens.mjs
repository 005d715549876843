// A cluster whose primary listens too, for its operators, before or after it starts workers.
import cluster from "node:cluster";
import { createServer } from "node:http";
import process from "node:process";
import { port, say } from "@sockact/testing/contract-app";

const where = cluster.isPrimary ? "primary" : "worker";
const forksFirst = process.env.FORKS_FIRST !== undefined;
if (cluster.isPrimary && forksFirst) cluster.fork();
const server = createServer((_request, response) => response.end(where));
server.listen(cluster.isPrimary ? Number(process.env.ADMIN_PORT) : port, () => {
  say(where, { address: server.address() });
  if (cluster.isPrimary && !forksFirst) cluster.fork();
});
