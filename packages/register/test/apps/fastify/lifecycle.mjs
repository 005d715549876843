import Fastify from "fastify";
import { port, routes, stopWithGrace, untilReady } from "@sockact/testing/lifecycle-app";

const app = Fastify();
for (const [path, answer] of Object.entries(routes)) app.get(path, async () => answer());
stopWithGrace(() => app.close());
await untilReady();
process.on("exit", () => console.log("the app stops"));
console.log(`listens at ${await app.listen({ port })}`);
