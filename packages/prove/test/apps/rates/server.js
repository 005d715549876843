import { setTimeout as delay } from "node:timers/promises";
import Koa from "koa";
import { systemdListen } from "@sockact/koa";

// The bank answers slowly, so do not wait for it here.
const rates = delay(12_000, { EUR: 1, USD: 1.1 });

const app = new Koa();
app.use(systemdListen());
app.use(async (ctx) => {
  ctx.body = await rates;
});
app.listen(3000);
