import { text } from "node:stream/consumers";
import Koa from "koa";
import { systemdListen } from "@sockact/koa";
import { digest, download, echoWebSockets, options, whoAmI, work } from "@sockact/testing/load-app";

const routes = {
  "GET /": async () => {
    await work();
    return whoAmI;
  },
  "POST /echo": async ({ req }) => JSON.parse(await text(req)),
  "GET /download": ({ query }) => download(query),
  "PUT /upload": ({ req }) => digest(req),
};

const app = new Koa();
app.use(systemdListen(options));
app.use(async (ctx) => {
  ctx.set("x-pid", String(whoAmI.pid));
  ctx.body = await routes[`${ctx.method} ${ctx.path}`](ctx);
});
echoWebSockets(app.listen(3000));
