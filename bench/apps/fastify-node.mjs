import fastify from "fastify";

const app = fastify();
app.get("/", async () => "hello");
// Fastify's own listen() does not accept a descriptor.
await app.ready();
app.server.listen({ fd: 3 });
