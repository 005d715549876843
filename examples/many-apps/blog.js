import process from "node:process";
import { systemdListen } from "@sockact/koa";
import Koa from "koa";

const app = new Koa();
app.use(systemdListen());

app.use((ctx) => {
  ctx.body = { app: "blog", pid: process.pid, client: ctx.ip, scheme: ctx.protocol };
});

const server = app.listen(3002, () => console.log("The blog is listening on", server.address()));
