// Has a `listening` listener, as bin/www of express-generator does.
const { createServer } = require("node:http");
const { echoWebSockets, ownServer, port, report, say, whoAmI } = require("@sockact/testing/contract-app");
const express = require(process.env.FRAMEWORK);

const app = express();
const leftovers = () => (app._router ?? app.router).stack.map(({ name }) => name);
app.get("/", (req, res) => res.json(whoAmI(req)));

if (ownServer) {
  const server = createServer(app);
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
