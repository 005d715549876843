import { bodyParser } from "@koa/bodyparser";
import Router from "@koa/router";
import Koa from "koa";
import version from "./version.cjs";

const app = new Koa();
const router = new Router();
router.get("/", (context) => {
  context.body = { version };
});
app.use(bodyParser()).use(router.routes()).listen(3000);
