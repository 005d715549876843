import Koa from "koa";
import { systemdListen } from "@sockact/koa";

const tls = { key: "key.pem", cert: "cert.pem" };
const app = new Koa();
app.use(systemdListen({ sockets: { http: {}, https: { tls } } }));
app.use((ctx) => {
  ctx.body = `hello over ${ctx.protocol}`;
});
app.listen(3000);
