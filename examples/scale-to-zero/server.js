import process from "node:process";
import { systemdListen } from "@sockact/fastify";
import Fastify from "fastify";

const app = Fastify();
app.register(systemdListen);

app.get("/", () => ({ hello: "I am awake", pid: process.pid }));

await app.listen({ port: 3000 });
console.log("Fastify is listening on", app.server.address());
