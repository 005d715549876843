// An app that records what it sees, and prints it at /records. Its file name chooses the framework, and whether
// that trusts a proxy too.
const { basename } = require("node:path");

const [name, isTrusting] = basename(__filename, ".cjs").split("-");
const seen = [];
let connections = 0;

/** Records a request, and what the framework says about it. */
async function record(request, known) {
  if (request.url === "/records") return seen.splice(0);
  const { method, url, rawHeaders } = request;
  const one = { method, url, ...known, connection: request.socket.number, headers: rawHeaders, body: "" };
  seen.push(one);
  try {
    for await (const chunk of request) one.body += chunk.toString("latin1");
  } catch (error) {
    one.body = error.code;
  }
  return { url };
}

const apps = {
  shop() {
    const app = require("express")();
    if (isTrusting) app.set("trust proxy", true);
    app.use(require("@sockact/express").systemdListen());
    app.use(async (req, res) =>
      res.json(await record(req, { ip: req.ip, protocol: req.protocol, host: req.hostname })),
    );
    return app.listen(3000);
  },
  blog() {
    const app = new (require("koa"))({ proxy: Boolean(isTrusting) });
    app.use(require("@sockact/koa").systemdListen());
    app.use(async (ctx) => {
      ctx.body = await record(ctx.req, { ip: ctx.ip, protocol: ctx.protocol, host: ctx.hostname });
    });
    const server = app.listen(3000);
    // As ws does.
    server.on("upgrade", async (request, socket) => {
      const { remoteAddress: ip, encrypted } = request.socket;
      const host = request.headers.host.replace(/:443$/, "");
      const { method, url, rawHeaders: headers } = request;
      const known = { ip, protocol: encrypted ? "https" : "http", host };
      seen.push({ method, url, ...known, connection: socket.number, headers, body: "", isUpgrade: true });
      socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    });
    return server;
  },
  wiki() {
    const app = require("fastify")({ trustProxy: Boolean(isTrusting) });
    app.register(require("@sockact/fastify").systemdListen);
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (request, payload, done) => done(null));
    app.all("*", (request) =>
      record(request.raw, { ip: request.ip, protocol: request.protocol, host: request.hostname }),
    );
    void app.listen({ port: 3000 });
    return app.server;
  },
};

apps[name]().on("connection", (socket) => (socket.number = connections += 1));
