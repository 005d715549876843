// An app on PORT that stops as VARIANT says. PROTOCOL is http, https or ws.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { systemdListen } from "@sockact/express";
import { systemdListen as fastifyListen } from "@sockact/fastify";
import { createTerminus } from "@godaddy/terminus";
import closeWithGrace from "close-with-grace";
import express from "express";
import fastify from "fastify";
import gracefulShutdown from "http-graceful-shutdown";
import { createHttpTerminator } from "http-terminator";
import stoppable from "stoppable";
import { WebSocketServer } from "ws";

const { PORT, VARIANT, PROTOCOL } = process.env;
const seconds = 1000;
/** Longer than the balancer needs. */
const WAIT = 4.5 * seconds;
/** A download takes so many parts of 100 ms. */
const PARTS = 25;

const fixture = (name) =>
  readFileSync(new URL(`../../../packages/testing/fixtures/localhost.${name}.pem`, import.meta.url));
const tls = PROTOCOL === "https" ? { key: fixture("key"), cert: fixture("cert") } : undefined;

async function download(response) {
  response.writeHead(200, { "content-length": PARTS });
  for (let part = 0; part < PARTS; part++) {
    response.write(".");
    await delay(100);
  }
  response.end();
}

function serve(...middleware) {
  const app = express();
  for (const each of middleware) app.use(each);
  app.get("/", (_request, response) => response.send("hello"));
  app.get("/download", (_request, response) => void download(response));
  const server = tls ? createSecureServer(tls, app) : createServer(app);
  if (PROTOCOL === "ws")
    new WebSocketServer({ server }).on("connection", (socket) =>
      socket.on("message", (message) => socket.send(message)),
    );
  server.listen(PORT);
  return server;
}

async function serveFastify(...plugins) {
  const app = fastify(tls && { https: tls });
  for (const each of plugins) app.register(...each);
  app.get("/", async () => "hello");
  app.get("/download", (_request, reply) => void download(reply.hijack().raw));
  await app.listen({ port: Number(PORT), host: "::" });
  return app;
}

const onSigterm = (listener) => process.once("SIGTERM", listener);
const exit = () => process.exit();

const variants = {
  nothing: () => serve(),
  close() {
    const server = serve();
    onSigterm(() => server.close(exit));
  },
  // Node's own parts, and a delay.
  "Connection: close"() {
    let isStopping = false;
    const server = serve((_request, response, next) => {
      if (isStopping) response.set("connection", "close");
      next();
    });
    onSigterm(async () => {
      isStopping = true;
      await delay(WAIT);
      server.close(exit);
    });
  },
  "http-terminator"() {
    const terminator = createHttpTerminator({ server: serve() });
    onSigterm(() => terminator.terminate().then(exit));
  },
  stoppable() {
    const server = stoppable(serve(), 10 * seconds);
    onSigterm(() => server.stop(exit));
  },
  terminus: () => createTerminus(serve(), { signal: "SIGTERM" }),
  "terminus, delayed": () =>
    createTerminus(serve(), {
      signal: "SIGTERM",
      beforeShutdown: () => delay(WAIT),
      timeout: 10 * seconds,
    }),
  "http-graceful-shutdown": () => gracefulShutdown(serve()),
  "http-graceful-shutdown, delayed": () => gracefulShutdown(serve(), { preShutdown: () => delay(WAIT) }),
  "close-with-grace"() {
    const server = serve();
    closeWithGrace(() => new Promise((resolve) => server.close(resolve)));
  },
  async fastify() {
    const app = await serveFastify();
    onSigterm(() => app.close().then(exit));
  },
  "sockact, signals": () => serve(systemdListen({ signals: true })),
  "sockact, stopDelay": () => serve(systemdListen({ stopDelay: `${WAIT}ms`, drainTimeout: "5s" })),
  "sockact, fastify": () => serveFastify([fastifyListen, { stopDelay: `${WAIT}ms`, drainTimeout: "5s" }]),
  // The bench adds the preload.
  "sockact, preload"() {
    serve();
    onSigterm(exit);
  },
};

await variants[VARIANT]();
