// An Express app with the ES modules of sockact, and a Fastify app with a CommonJS bundle of it: node two-copies.cjs BUNDLE.
const bundle = process.argv[2];
const { systemdListen: forFastify } = require(bundle);

async function main() {
  const { systemdListen: forExpress } = await import("@sockact/express");
  const { default: express } = await import("express");
  const { default: fastify } = await import("fastify");
  const web = express();
  web.use(forExpress({ name: "web" }));
  web.get("/", (_request, response) => response.send("web"));
  await new Promise((resolve) => web.listen(0, resolve));

  const api = fastify({ keepAliveTimeout: 60_000, forceCloseConnections: false });
  await api.register(forFastify, { name: "api" });
  api.get("/", async () => "api");
  await api.listen();
  process.stdin.once("data", () => void api.close().then(() => console.log('{"event":"closed"}')));
  console.log('{"event":"up"}');
}

void main();
