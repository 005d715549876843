const { createServer } = require("node:http");
const { echoWebSockets, ownServer, port, report, say, whoAmI } = require("@sockact/testing/contract-app");
const fastify = require(process.env.FRAMEWORK);

const app = fastify(ownServer ? { serverFactory: (handler) => createServer(handler) } : {});
if (ownServer) echoWebSockets(app.server);
app.get("/", (request, reply) => {
  reply.send(whoAmI(request.raw));
});
report(app.server, () => []);
app.listen({ port, host: "::" }, (error) => {
  if (error) throw error;
  say("callback");
});
