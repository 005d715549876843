import fastify from "fastify";
import { systemdListen } from "@sockact/fastify";
import { startAdmin } from "./admin.js";

const app = fastify({ logger: true });
app.register(systemdListen);

let orders = 0;
app.get("/", async () => ({ orders: ++orders }));

startAdmin(() => ({ orders, memory: process.memoryUsage().rss }));
await app.listen({ port: 3000 });
