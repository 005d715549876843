import Koa from "koa";
import Router from "@koa/router";
import { hello, start } from "./shared.cjs";

const app = new Koa();
const router = new Router();
router.get("/hello", (ctx) => {
  ctx.body = hello();
});
app.use(router.routes());
start(app, () => app.middleware.length);
