import fastify from "fastify";

const app = fastify();
app.get("/", async () => "hello");
// listen() of Fastify takes no descriptor.
await app.ready();
app.server.listen({ fd: 3 });
