import process from "node:process";
import { systemdListen } from "@sockact/fastify";
import Fastify from "fastify";

const app = Fastify();
app.register(systemdListen);

app.get("/", (_request, reply) => {
  reply.type("text/html").send("<!doctype html><title>Fastify</title><h1>Hello from Fastify</h1>\n");
});

app.get("/api/whoami", (request) => ({
  framework: "fastify",
  uid: process.getuid(),
  pid: process.pid,
  remoteAddress: request.socket.remoteAddress,
}));

app.post("/api/echo", (request, reply) => {
  reply.send(request.body);
});

app.get("/api/fail", () => {
  throw new Error("This route always fails");
});

app.setNotFoundHandler((request, reply) => {
  reply.status(404).send({ error: `No ${request.method} ${request.url} here` });
});

app.setErrorHandler((error, _request, reply) => {
  const status = error.statusCode ?? 500;
  if (status >= 500) console.error(error);
  reply.status(status).send({ error: status >= 500 ? "Internal server error" : error.message });
});

await app.listen({ port: 3000 });
console.log("Fastify is listening on", app.server.address());
