import Fastify from "fastify";
import { systemdListen } from "@sockact/fastify";
import { isPlain, options, port, routes, stopWithGrace } from "@sockact/testing/lifecycle-app";

// The events go to the log. With PORT, a test compares what is printed, and a log with times would differ in each run.
const app = Fastify({ logger: process.env.PORT === undefined });
if (!isPlain) app.register(systemdListen, options);
for (const [path, answer] of Object.entries(routes)) app.get(path, async () => answer());
stopWithGrace(() => app.close());
await app.listen({ port });
console.log("listens");
