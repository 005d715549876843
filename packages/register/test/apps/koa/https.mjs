// Serves http and https, each on a port, as the guide of Koa does.
import { createServer } from "node:http";
import { createSecureServer } from "node:http2";
import { echoWebSockets, tls } from "../https-app.mjs";

const { default: Koa } = await import(process.env.FRAMEWORK);

const app = new Koa();
app.use((ctx) => {
  ctx.body = { secure: ctx.secure, httpVersion: ctx.req.httpVersion };
});
echoWebSockets(createServer(app.callback()).listen(8080));
echoWebSockets(createSecureServer({ ...tls, allowHTTP1: true }, app.callback()).listen(8443));
