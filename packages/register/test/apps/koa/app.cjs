const { createServer } = require("node:http");
const Koa = require(process.env.FRAMEWORK);
const { echoWebSockets, ownServer, port, report, say, whoAmI } = require("@sockact/testing/contract-app");

const app = new Koa();
const leftovers = () => app.middleware.map(({ name }) => name);
app.use((ctx) => {
  ctx.body = whoAmI(ctx.req);
});

if (ownServer) {
  const server = createServer(app.callback());
  echoWebSockets(server);
  report(server, leftovers);
  server.on("listening", () => say("callback"));
  server.listen(port);
} else {
  report(
    app.listen(port, "::", () => say("callback")),
    leftovers,
  );
}
