import fastify from "fastify";
import { systemdListen } from "@sockact/fastify";

const app = fastify();
app.register(systemdListen);
app.get("/", async () => "hello");
await app.listen({ port: 3000 });
