import http from "node:http";
import process from "node:process";
import { systemdListen } from "@sockact/koa";
import Koa from "koa";

const longestBody = 100_000;

const routes = {
  "GET /": (ctx) => {
    ctx.type = "html";
    ctx.body = "<!doctype html><title>Koa</title><h1>Hello from Koa</h1>\n";
  },
  "GET /api/whoami": (ctx) => {
    ctx.body = {
      framework: "koa",
      uid: process.getuid(),
      pid: process.pid,
      remoteAddress: ctx.socket.remoteAddress,
    };
  },
  "POST /api/echo": async (ctx) => {
    ctx.type = "json";
    ctx.body = JSON.stringify(await readJson(ctx));
  },
  "GET /api/fail": () => {
    throw new Error("This route always fails");
  },
};

const app = new Koa();
app.use(systemdListen());

app.use(async (ctx, next) => {
  try {
    await next();
  } catch (error) {
    ctx.status = error.status ?? 500;
    ctx.body = { error: error.expose ? error.message : "Internal server error" };
    if (ctx.status >= 500) ctx.app.emit("error", error, ctx);
  }
});

app.use(async (ctx) => {
  const route = `${ctx.method} ${ctx.path}`;
  if (!Object.hasOwn(routes, route)) ctx.throw(404, `No ${route} here`);
  await routes[route](ctx);
});

async function readJson(ctx) {
  let text = "";
  for await (const chunk of ctx.req.setEncoding("utf8")) {
    text += chunk;
    if (text.length > longestBody) ctx.throw(413, "The body is too long");
  }
  try {
    return JSON.parse(text);
  } catch {
    return ctx.throw(400, "The body is not JSON");
  }
}

// A server of one's own, as WebSocket libraries want it, is found by systemdListen() just as app.listen() is.
const server = http.createServer(app.callback());
server.listen(3000, () => console.log("Koa is listening on", server.address()));
