import { createServer } from "node:http";
import process from "node:process";
import type Framework from "express";
import { echoWebSockets, ownServer, port, report, say, whoAmI } from "@sockact/testing/contract-app";
import type { Express } from "express";

const { default: express } = (await import(process.env["FRAMEWORK"] as string)) as {
  default: typeof Framework;
};

const app: Express & { _router?: { stack: { name: string }[] } } = express();
app.get("/", (req, res) => void res.json(whoAmI(req)));
const leftovers = (): string[] => (app._router ?? app.router).stack.map(({ name }: { name: string }) => name);

if (ownServer) {
  const server = createServer(app);
  echoWebSockets(server);
  report(server, leftovers);
  server.listen({ port }, () => say("callback"));
} else {
  const server = app.listen(port, () => say("callback"));
  report(server, leftovers);
}
