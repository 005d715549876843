import { systemdListen } from "@sockact/koa";
import Koa from "koa";

const app = new Koa({ proxy: true, maxIpsCount: 1 });
app.use(systemdListen());
app.use((ctx) => {
  ctx.body = [ctx.ip, ctx.protocol];
});
app.listen(3000);
