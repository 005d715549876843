import {
  createOwnServer,
  echoWebSockets,
  ownServer,
  port,
  report,
  say,
  whoAmI,
} from "@sockact/testing/contract-app";

const { default: express } = await import(process.env.FRAMEWORK);

const app = express();
app.get("/", (req, res) => res.json(whoAmI(req)));
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
