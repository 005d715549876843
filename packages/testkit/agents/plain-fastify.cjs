const { hello, port, say } = require("./shared.cjs");
const fastify = require("fastify");

const app = fastify();
app.get("/hello", async () => hello());
app.listen({ port }, (error) => {
  if (error) throw error;
  say("listening", app.server.address());
});
