import Fastify from "fastify";
import { systemdListen } from "@sockact/fastify";
import { digest, download, echoWebSockets, options, whoAmI, work } from "@sockact/testing/load-app";

const app = Fastify({ bodyLimit: 2 ** 30 });
app.register(systemdListen, options);
app.addContentTypeParser("application/octet-stream", (_request, payload, done) => done(null, payload));
app.addHook("onRequest", async (_request, reply) => void reply.header("x-pid", whoAmI.pid));
app.get("/", async () => {
  await work();
  return whoAmI;
});
app.post("/echo", async ({ body }) => body);
app.get("/download", async ({ query }) => download(query));
app.put("/upload", async ({ body }) => digest(body));
echoWebSockets(app.server);
await app.listen({ port: 3000 });
