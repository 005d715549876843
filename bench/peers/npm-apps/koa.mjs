import process from "node:process";
import { bodyParser } from "@koa/bodyparser";
import cors from "@koa/cors";
import { Router } from "@koa/router";
import Koa from "koa";
import helmet from "koa-helmet";

const router = new Router();
router.get("/", (context) => {
  context.body = "Koa";
});
const app = new Koa();
app.use(helmet()).use(cors()).use(bodyParser()).use(router.routes()).use(router.allowedMethods());
app.listen(Number(process.env.PORT), "127.0.0.1");
