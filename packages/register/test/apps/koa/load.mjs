import process from "node:process";
import { text } from "node:stream/consumers";
import Koa from "koa";
import { digest, download, echoWebSockets, whoAmI, work } from "@sockact/testing/load-app";

// From the view of the app, this loses the requests that are under way.
process.on("SIGTERM", () => process.exit());

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
app.use(async (ctx) => {
  ctx.set("x-pid", String(whoAmI.pid));
  ctx.body = await routes[`${ctx.method} ${ctx.path}`](ctx);
});
echoWebSockets(app.listen(3000));
