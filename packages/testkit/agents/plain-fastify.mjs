import Fastify from "fastify";
import { hello, port, say } from "./shared.cjs";

const app = Fastify();
app.get("/hello", async () => hello());
await app.listen({ port });
say("listening", app.server.address());
