// A server that says hello, with the packages that were built in a checkout: node --expose-gc cost-server.mjs CHECKOUT SERVER. For each line
// of its input, it prints how much CPU time and heap it has used so far.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { setImmediate as turn, setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

const [checkout, kind] = process.argv.slice(2);
const built = (name) => import(pathToFileURL(join(checkout, "packages", name, "dist/index.js")));
const framework = () => createRequire(join(checkout, "packages", kind, "package.json"))(kind);
// The servers would log to standard output, where the bench reads the figures.
const options = { onEvent() {} };

const servers = {
  /** Without sockact, for comparison. */
  async node() {
    return createServer((_request, response) => response.end("hello")).listen({ fd: 3 });
  },
  async core() {
    const { listen } = await built("core");
    const server = createServer((_request, response) => response.end("hello"));
    await listen(server, options);
    return server;
  },
  /** With handover: true, while nothing is handed over. */
  async handover() {
    const { listen } = await built("core");
    const server = createServer((_request, response) => response.end("hello"));
    await listen(server, { ...options, handover: true });
    return server;
  },
  async express() {
    const { systemdListen } = await built("express");
    const app = framework()();
    app.use(systemdListen(options));
    app.get("/", (_request, response) => response.send("hello"));
    return app.listen(0);
  },
  async koa() {
    const { systemdListen } = await built("koa");
    const app = new (framework())();
    app.use(systemdListen(options));
    app.use((context) => {
      context.body = "hello";
    });
    return app.listen(0);
  },
  async fastify() {
    const { systemdListen } = await built("fastify");
    const app = framework()();
    await app.register(systemdListen, options);
    app.get("/", async () => "hello");
    await app.listen({ port: 0 });
    return app.server;
  },
};

const server = await servers[kind]();
const connections = promisify(server.getConnections).bind(server);
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};
const say = (event, more) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);

if (!server.listening) await new Promise((resolve) => server.once("listening", resolve));
say("listening");
for await (const _ of createInterface({ input: process.stdin })) {
  const before = cpu();
  while ((await connections()) > 0) await delay(10);
  // The second collection frees what the first one has released.
  globalThis.gc();
  await turn();
  globalThis.gc();
  const heap = process.memoryUsage().heapUsed;
  say("cost", { before, after: cpu(), heap });
}
process.exit();
