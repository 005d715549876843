import polka from "polka";
import {
  createOwnServer,
  echoWebSockets,
  options,
  ownServer,
  port,
  report,
  say,
  whoAmI,
} from "@sockact/testing/contract-app";
import { systemdListen } from "example-adapter";

const app = polka();
if (options) systemdListen(app, options);
app.get("/protocol", (req, res) => {
  const secure = Boolean(req.socket.encrypted);
  res.end(JSON.stringify({ protocol: secure ? "https" : "http", secure, httpVersion: req.httpVersion }));
});
app.get("/", (req, res) => res.end(JSON.stringify(whoAmI(req))));
const leftovers = () => app.wares.map(({ name }) => name);

if (ownServer) {
  const server = createOwnServer(app.handler);
  echoWebSockets(server);
  report(server, leftovers);
  server.listen(port, () => say("callback"));
} else {
  app.listen(port, () => say("callback"));
  report(app.server, leftovers);
}
