import { systemdListen } from "@sockact/koa";
import { framework, hello, options, start } from "./shared.cjs";

const { default: Koa } = await import(framework);
const { default: Router } = await import("@koa/router");
const app = new Koa();
if (options) app.use(systemdListen(options));
const router = new Router();
router.get("/hello", (ctx) => {
  ctx.body = hello();
});
app.use(router.routes());
start(app);
