import process from "node:process";
import { systemdListen } from "@sockact/fastify";
import Fastify from "fastify";

// nginx is the only proxy, so the app trusts only the last address in X-Forwarded-For. A client can forge the others.
const app = Fastify({ trustProxy: (_address, hop) => hop === 0 });
app.register(systemdListen);

app.get("/", async (request) => ({ client: request.ip, protocol: request.protocol, pid: process.pid }));

const address = await app.listen({ port: 3000 });
console.log("The app is listening on", address);
