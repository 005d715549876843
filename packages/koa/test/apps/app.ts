import { createServer } from "node:http";
import process from "node:process";
import type Framework from "koa";
import { systemdListen } from "@sockact/koa";
import { echoWebSockets, options, ownServer, port, report, say, whoAmI } from "@sockact/testing/contract-app";

const { default: Koa } = (await import(process.env["FRAMEWORK"] as string)) as {
  default: typeof Framework;
};

const app = new Koa();
if (options) systemdListen({ app, ...options });
app.use((ctx) => {
  ctx.body = whoAmI(ctx.req);
});
const leftovers = (): string[] => app.middleware.map(({ name }) => name);

if (ownServer) {
  const server = createServer(app.callback());
  echoWebSockets(server);
  report(server, leftovers);
  server.listen({ port }, () => say("callback"));
} else {
  const server = app.listen(port, () => say("callback"));
  report(server, leftovers);
}
