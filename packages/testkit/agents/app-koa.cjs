const { systemdListen } = require("@sockact/koa");
const { hello, options, start } = require("./shared.cjs");
const early = process.env.EARLY ? systemdListen(options) : undefined;
const Koa = require("koa");
const Router = require("@koa/router");

const app = new Koa();
if (process.env.NAMED) systemdListen({ app, ...options });
else app.use(early ?? systemdListen(options));
const router = new Router();
router.get("/hello", (ctx) => {
  ctx.body = hello();
});
app.use(router.routes());
start(app, () => app.middleware.length);
