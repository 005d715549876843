import Fastify from "fastify";
import { systemdListen } from "@sockact/fastify";

const tls = { key: "key.pem", cert: "cert.pem" };
const app = Fastify({ logger: true });
app.register(systemdListen, { sockets: { http: {}, https: { tls } } });
app.get("/", async (request) => `hello over ${request.protocol}`);
await app.listen({ port: 3000 });
