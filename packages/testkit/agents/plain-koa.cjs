const { hello, start } = require("./shared.cjs");
const Koa = require("koa");
const Router = require("@koa/router");

const app = new Koa();
const router = new Router();
router.get("/hello", (ctx) => {
  ctx.body = hello();
});
app.use(router.routes());
start(app, () => app.middleware.length);
