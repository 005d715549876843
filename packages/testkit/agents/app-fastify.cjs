const { systemdListen } = require("@sockact/fastify");
const { hello, options, say } = require("./shared.cjs");
const fastify = require("fastify");

const app = fastify();
app.register(systemdListen, options);
app.get("/hello", async () => hello());
app.listen({ port: 0 }, (error) => {
  if (error) throw error;
  say("listening", app.server.address());
});
