const { systemdListen } = require("@sockact/fastify");
const { framework, hello, options, port, say } = require("./shared.cjs");
const fastify = require(framework);

const app = fastify();
if (options) app.register(systemdListen, options);
app.get("/hello", async () => hello());
app.listen({ port }, (error) => {
  if (error) throw error;
  say("listening", app.server.address());
});
