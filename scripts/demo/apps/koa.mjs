import process from "node:process";
import { systemdListen } from "@sockact/koa";
import Koa from "koa";
import { tryToConnect } from "./try-to-connect.mjs";

const app = new Koa();
const tls = { key: "key.pem", cert: "cert.pem" };
app.use(systemdListen({ sockets: { http: {}, https: { tls } } }));

app.use(async (ctx) => {
  if (ctx.path === "/connect") ctx.body = JSON.stringify(await tryToConnect());
  else ctx.body = { pid: process.pid, uid: process.getuid(), memory: process.memoryUsage.rss() };
});

app.listen(3000);
