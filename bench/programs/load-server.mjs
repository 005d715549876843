// A server that says hello: node load-server.mjs SERVER CHECKOUT. It serves the sockets that it was passed, by the packages that were built in a
// checkout. Without such sockets it does not load sockact, and listens on ADDRESS: a port of 127.0.0.1, or a path.
import cluster from "node:cluster";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";

const [kind, checkout] = process.argv.slice(2);
const { ADDRESS, KEY: key, CERT: cert } = process.env;
// Not by LISTEN_FDS, which sockact removes before the workers of a cluster start.
const isActivated = ADDRESS === undefined;
const address = ADDRESS?.startsWith("/") ? { path: ADDRESS } : { host: "127.0.0.1", port: Number(ADDRESS) };

const built = (name) => import(pathToFileURL(join(checkout, "packages", name, "dist/index.js")));
const framework = () => createRequire(join(checkout, "packages", kind, "package.json"))(kind);
const helloServer = () => createServer((_request, response) => response.end("hello"));
const listenByCore = async (options) => (await built("core")).listen(helloServer(), options);

const servers = {
  async node() {
    helloServer().listen(isActivated ? { fd: 3 } : address);
  },
  async core() {
    await listenByCore();
  },
  /** While nothing is handed over. */
  async handover() {
    await listenByCore({ handover: true });
  },
  async tls() {
    if (isActivated) return listenByCore({ tls: { key, cert } });
    const identity = { key: readFileSync(key), cert: readFileSync(cert) };
    createSecureServer(identity, (_request, response) => response.end("hello")).listen(address);
  },
  async cluster() {
    // sockact must be there before the first worker.
    if (isActivated) await built("core");
    if (cluster.isPrimary) for (let count = 0; count < 2; count++) cluster.fork();
    else if (isActivated) await listenByCore();
    else helloServer().listen(address);
  },
  async express() {
    const app = framework()();
    if (isActivated) app.use((await built("express")).systemdListen());
    app.get("/", (_request, response) => response.send("hello"));
    const server = app.listen(address);
    // A proxy keeps its connections, and a request could come when Node is just closing one.
    if (address.path !== undefined) server.keepAliveTimeout = 600_000;
  },
  async koa() {
    const app = new (framework())();
    if (isActivated) app.use((await built("koa")).systemdListen());
    app.use((context) => {
      context.body = "hello";
    });
    app.listen(address);
  },
  async fastify() {
    const app = framework()();
    if (isActivated) await app.register((await built("fastify")).systemdListen);
    app.get("/", async () => "hello");
    await app.listen(address);
  },
};

await servers[kind]();
