import Fastify from "fastify";
import { systemdListen } from "@sockact/fastify";
import { hello, options, say } from "./shared.cjs";

const app = Fastify();
app.register(systemdListen, options);
app.get("/hello", async () => hello());
await app.listen({ port: 0 });
say("listening", app.server.address());
