import fastify from "fastify";
import { systemdListen } from "@sockact/fastify";

const app = fastify({ logger: true });
app.register(systemdListen);
app.get("/", async () => ({ free: 12 }));
app.addHook("onClose", async () => app.log.info("closed"));
await app.listen({ port: 3000 });
