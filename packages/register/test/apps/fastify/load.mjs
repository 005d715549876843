import process from "node:process";
import Fastify from "fastify";
import { digest, download, echoWebSockets, whoAmI, work } from "@sockact/testing/load-app";

const app = Fastify({ bodyLimit: 2 ** 30 });
app.addContentTypeParser("application/octet-stream", (_request, payload, done) => done(null, payload));
app.addHook("onRequest", async (_request, reply) => void reply.header("x-pid", whoAmI.pid));
app.get("/", async () => {
  await work();
  return whoAmI;
});
app.post("/echo", async ({ body }) => body);
app.get("/download", async ({ query }) => download(query));
app.put("/upload", async ({ body }) => digest(body));
// When Fastify begins to close, it answers with 503 and destroys idle connections.
process.on("SIGTERM", () => app.close());
echoWebSockets(app.server);
await app.listen({ port: 3000 });
