import {
  createOwnServer,
  echoWebSockets,
  ownServer,
  port,
  report,
  say,
  whoAmI,
} from "@sockact/testing/contract-app";

const { default: Koa } = await import(process.env.FRAMEWORK);

const app = new Koa();
app.use((ctx) => {
  ctx.body = whoAmI(ctx.req);
});
const leftovers = () => app.middleware.map(({ name }) => name);

if (ownServer) {
  const server = createOwnServer(app.callback());
  echoWebSockets(server);
  report(server, leftovers);
  server.listen(port, () => say("callback"));
} else {
  report(
    app.listen(port, () => say("callback")),
    leftovers,
  );
}
