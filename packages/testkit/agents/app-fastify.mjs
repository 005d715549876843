import { systemdListen } from "@sockact/fastify";
import { framework, hello, options, port, say } from "./shared.cjs";

const { default: Fastify } = await import(framework);
const app = Fastify();
if (options) app.register(systemdListen, options);
app.get("/hello", async () => hello());
await app.listen({ port });
say("listening", app.server.address());
