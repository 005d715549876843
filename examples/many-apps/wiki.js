import process from "node:process";
import { systemdListen } from "@sockact/fastify";
import Fastify from "fastify";

const app = Fastify();
app.register(systemdListen);

app.get("/", (request) => ({
  app: "wiki",
  pid: process.pid,
  client: request.ip,
  scheme: request.protocol,
}));

await app.listen({ port: 3003 });
console.log("The wiki is listening on", app.server.address());
