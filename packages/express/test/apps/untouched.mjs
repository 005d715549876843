// Apps that could answer differently with systemdListen(). Prints their answers. With PLAIN, systemdListen() is not called.
import { once } from "node:events";
import { systemdListen } from "@sockact/express";

const { default: express } = await import(process.env.FRAMEWORK);
const line = process.env.PLAIN ? () => (_req, _res, next) => next() : systemdListen;

const header = (req, res, next) => {
  res.set("x-middleware", "ran");
  next();
};
const hello = (req, res) => res.json({ query: req.query, id: req.id ?? null });

const apps = {
  // Express reads these settings when it makes its router.
  "settings after systemdListen()": (app) => {
    if (process.env.PLAIN === undefined) app.use(line());
    app.enable("strict routing").enable("case sensitive routing");
    app.set("query parser", (text) => ({ own: text }));
    app.get("/foo", hello);
  },
  "settings before systemdListen()": (app) => {
    app.enable("strict routing");
    app.use(line());
    app.get("/foo", hello);
  },
  // OpenTelemetry does this after each use().
  "an agent that looks at the last layer, and settings after systemdListen()": (app) => {
    if (process.env.PLAIN === undefined) {
      app.use(line());
      (app._router ?? app.router).stack.at(-1).seen = true;
    }
    app.enable("strict routing").enable("case sensitive routing");
    app.get("/foo", hello);
  },
  "other middleware in the same call": (app) => {
    app.use(line(), header);
    app.get("/foo", hello);
  },
  "parameters before it": (app) => {
    app.param("id", (req, res, next, id) => {
      req.id = `user ${id}`;
      next();
    });
    app.use(line());
    app.get("/foo/:id", hello);
  },
  "routes around it": (app) => {
    app.get("/foo", header, (req, res, next) => next());
    app.use(line());
    app.use(express.json(), hello);
  },
  "nothing else": (app) => app.use(line({ app })),
  "an app in the app": (app) => {
    const inner = express();
    inner.use(line());
    inner.get("/foo", hello);
    app.use(line(), inner);
  },
};
const paths = ["/foo?a=b", "/foo/", "/FOO", "/foo/7", "/"];

const seen = {};
for (const [name, build] of Object.entries(apps)) {
  const app = express();
  build(app);
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${server.address().port}`;
  seen[name] = [];
  for (const path of paths) {
    const response = await fetch(origin + path, { headers: { connection: "close" } });
    const body = response.status === 200 ? await response.json() : null;
    seen[name].push({
      path,
      status: response.status,
      middleware: response.headers.get("x-middleware"),
      body,
    });
  }
  server.close();
}
console.log(JSON.stringify({ event: "seen", seen }));
