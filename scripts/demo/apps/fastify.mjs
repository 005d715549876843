import process from "node:process";
import { systemdListen } from "@sockact/fastify";
import Fastify from "fastify";
import { tryToConnect } from "./try-to-connect.mjs";

const app = Fastify();
const tls = { key: "key.pem", cert: "cert.pem" };
app.register(systemdListen, { sockets: { http: {}, https: { tls } } });

app.get("/", () => ({
  pid: process.pid,
  uid: process.getuid(),
  memory: process.memoryUsage.rss(),
}));

app.get("/connect", async (_request, reply) => {
  reply.type("application/json").send(JSON.stringify(await tryToConnect()));
});

await app.listen({ port: 3000 });
