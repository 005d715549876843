import { systemdListen } from "@sockact/express";
import {
  askSockact,
  createOwnServer,
  echoWebSockets,
  options,
  ownServer,
  port,
  report,
  say,
  whoAmI,
} from "@sockact/testing/contract-app";

const { default: express } = await import(process.env.FRAMEWORK);

const app = express();
// Each way to write the one line is in half of the contract.
if (options && ownServer) systemdListen({ app, ...options });
else if (options) app.use(systemdListen(options));
app.get("/", (req, res) => res.json(whoAmI(req)));
app.get("/sockact", async (req, res) => res.json(await askSockact(req.app.locals.sockact)));
app.get("/protocol", (req, res) =>
  res.json({ protocol: req.protocol, secure: req.secure, httpVersion: req.httpVersion }),
);
const leftovers = () => (app._router ?? app.router).stack.map(({ name }) => name);

if (ownServer) {
  const server = createOwnServer(app);
  echoWebSockets(server);
  report(server, leftovers);
  server.listen(port, () => say("callback"));
} else {
  report(
    app.listen(port, () => say("callback")),
    leftovers,
  );
}
