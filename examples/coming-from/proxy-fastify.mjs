import { systemdListen } from "@sockact/fastify";
import Fastify from "fastify";

const app = Fastify({ trustProxy: (address, hop) => hop === 0 });
app.register(systemdListen);
app.get("/", async (request) => [request.ip, request.protocol]);
await app.listen({ port: 3000 });
