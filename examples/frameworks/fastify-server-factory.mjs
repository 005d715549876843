import { createServer } from "node:http";
import Fastify from "fastify";
import { systemdListen } from "@sockact/fastify";

const app = Fastify({
  serverFactory: (handler) => createServer({ keepAliveTimeout: 5000 }, handler),
});
app.register(systemdListen);
app.get("/", async () => "hello");
await app.listen({ port: 3000 });
