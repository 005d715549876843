// The server comes before systemdListen().
const { createServer } = require("node:http");
const polka = require("polka");
const {
  echoWebSockets,
  options,
  ownServer,
  port,
  report,
  say,
  whoAmI,
} = require("@sockact/testing/contract-app");
const { systemdListen } = require("example-adapter");

const app = polka();
const leftovers = () => app.wares.map(({ name }) => name);
app.get("/", (req, res) => res.end(JSON.stringify(whoAmI(req))));
const server = createServer(app.handler);
if (options) systemdListen(app, options);

if (ownServer) {
  echoWebSockets(server);
  report(server, leftovers);
  server.listen(port, () => say("callback"));
} else {
  app.listen(port, "::", () => say("callback"));
  report(app.server, leftovers);
}
