import Koa from "koa";
import Router from "@koa/router";
import { systemdListen } from "@sockact/koa";
import { hello, options, start } from "./shared.cjs";

const app = new Koa();
app.use(systemdListen(options));
const router = new Router();
router.get("/hello", (ctx) => {
  ctx.body = hello();
});
app.use(router.routes());
start(app, () => app.middleware.length);
