// A tracing agent has wrapped use() of Koa, and the app adds its middleware by that function when systemdListen() has returned.
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { systemdListen } from "@sockact/koa";
import { port, report, whoAmI } from "@sockact/testing/contract-app";
import Koa from "koa";

const { use } = Koa.prototype;
function traced(...args) {
  return use.apply(this, args);
}
Koa.prototype.use = traced;

const app = new Koa();
const plugin = systemdListen();
await turnOfTheLoop();
traced.call(app, (ctx) => {
  ctx.body = whoAmI(ctx.req);
});
app.use(plugin);
report(app.listen(port), () => app.middleware.map(({ name }) => name));
