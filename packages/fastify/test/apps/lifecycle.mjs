import Fastify from "fastify";
import { systemdListen } from "@sockact/fastify";
import { isPlain, options, port, routes, stopWithGrace } from "@sockact/testkit/lifecycle-app";

// Its log is where the events go; in a terminal it would differ from run to run.
const app = Fastify({ logger: process.env.PORT === undefined });
if (!isPlain) app.register(systemdListen, options);
for (const [path, answer] of Object.entries(routes)) app.get(path, async () => answer());
stopWithGrace(() => app.close());
await app.listen({ port });
console.log("listens");
