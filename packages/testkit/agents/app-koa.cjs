const { systemdListen } = require("@sockact/koa");
const { framework, hello, options, start } = require("./shared.cjs");
const Koa = require(framework);
const { default: Router = require("@koa/router") } = require("@koa/router");

const app = new Koa();
if (options) app.use(systemdListen(options));
const router = new Router();
router.get("/hello", (ctx) => {
  ctx.body = hello();
});
app.use(router.routes());
start(app);
