import Fastify from "fastify";
import { systemdListen } from "@sockact/fastify";

const app = Fastify();
app.register(systemdListen);
app.get("/", async () => "hello");
void app.listen({ port: 0 });
