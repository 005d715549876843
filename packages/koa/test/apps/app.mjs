import { systemdListen } from "@sockact/koa";
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

const { default: Koa } = await import(process.env.FRAMEWORK);

const app = new Koa();
// Each way to write the one line is in half of the contract.
if (options && ownServer) systemdListen({ app, ...options });
else if (options) app.use(systemdListen(options));
app.use(async (ctx) => {
  const { path, protocol, secure, req } = ctx;
  if (path === "/protocol") ctx.body = { protocol, secure, httpVersion: req.httpVersion };
  else ctx.body = path === "/sockact" ? await askSockact(ctx.sockact) : whoAmI(req);
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
