// Creates the servers that APP describes: a JSON array with the shape of HandoverServer in ../reloaded-service.ts. Each response says which process has sent it,
// and each event of sockact is printed.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import * as http from "node:http";
import * as http2 from "node:http2";
import * as https from "node:https";
import * as net from "node:net";
import process from "node:process";
import { Readable } from "node:stream";
import * as tls from "node:tls";
import { Worker } from "node:worker_threads";
import { bindDatagram, listen, claimSocket } from "@sockact/core";

const { pid } = process;
/** Whether another process has started this one. */
const isLater = process.connected;
const say = (event, more = {}) => process.stdout.write(`${JSON.stringify({ event, pid, ...more })}\n`);
const certificate = () => ({
  key: readFileSync(new URL("../../../testing/fixtures/localhost.key.pem", import.meta.url)),
  cert: readFileSync(new URL("../../../testing/fixtures/localhost.cert.pem", import.meta.url)),
});
/** How many requests each connection has made to this process. */
const counts = new WeakMap();

/** The bytes of a download: the same in each process. */
function* download(bytes) {
  const line = Buffer.from(Array.from({ length: 8192 }, (_, index) => `${index};`).join(""));
  for (let sent = 0; sent < bytes; sent += line.length) yield line.subarray(0, bytes - sent);
}

/** The variables that are for one process alone. */
const ownVariables = (env) =>
  Object.keys(env).filter((name) => /^(LISTEN_|SOCKACT_PREDECESSOR|NODE_CHANNEL)/.test(name));

/** The variables that a child process and a worker thread of this process see. */
async function inheritedVariables() {
  const child = execFileSync(process.execPath, ["--print", "JSON.stringify(process.env)"], {
    encoding: "utf8",
  });
  const thread = new Worker("require('worker_threads').parentPort.postMessage(process.env)", { eval: true });
  const [env] = await once(thread, "message");
  return [...ownVariables(JSON.parse(child)), ...ownVariables(env)];
}

const routes = {
  async "/process"(_request, response) {
    // The idiom of pm2.
    if (process.send) process.send("ready");
    const { argv, execArgv, title } = process;
    const { release } = globalThis;
    const inherited = await inheritedVariables();
    const facts = {
      pid,
      args: argv.slice(2),
      execArgv,
      title,
      release,
      variables: ownVariables(process.env),
      inherited,
    };
    response.end(JSON.stringify(facts));
  },
  async "/upload"(request, response) {
    const hash = createHash("sha256");
    let bytes = 0;
    for await (const chunk of request) {
      bytes += chunk.length;
      hash.update(chunk);
    }
    response.end(JSON.stringify({ pid, bytes, sha256: hash.digest("hex") }));
  },
  "/early": (_request, response) => response.end(JSON.stringify({ pid, early: true })),
  "/download"(request, response, url) {
    const bytes = Number(url.searchParams.get("bytes"));
    response.writeHead(200, { "content-length": bytes, "x-pid": pid });
    Readable.from(download(bytes)).pipe(response);
  },
  /** The app has nothing more to do, but most of the bytes are still in Node's buffer. */
  "/buffered"(_request, response, url) {
    response.setHeader("x-pid", pid);
    response.end(Buffer.concat([...download(Number(url.searchParams.get("bytes")))]));
  },
};

function answerFor(name, server) {
  return (request, response) => {
    const { socket } = request;
    const url = new URL(request.url, "http://localhost");
    const requests = (counts.get(socket) ?? 0) + 1;
    counts.set(socket, requests);
    if (routes[url.pathname]) return routes[url.pathname](request, response, url);
    const { remoteAddress, remotePort, localPort } = socket;
    server().getConnections((_, connections) => {
      const facts = { remoteAddress, remotePort, localPort, ip: request.ip, requests, connections };
      response.end(JSON.stringify({ pid, name, url: request.url, facts }));
    });
  };
}

/** A protocol of lines: answers each with the process, and stays connected. */
function lines(socket) {
  socket.on("error", () => {});
  socket.on("data", (data) => socket.write(`${pid} ${data.toString()}`));
  socket.on("end", () => socket.end());
}

const kinds = {
  http: (options, answer) => http.createServer(options, answer),
  https: (options, answer) => https.createServer({ ...certificate(), ...options }, answer),
  h2c: (options, answer) => http2.createServer(options, answer),
  http2: (options, answer) =>
    http2.createSecureServer({ ...certificate(), allowHTTP1: true, ...options }, answer),
  net: (options) => net.createServer(options, lines),
  tls: (options) => tls.createServer({ ...certificate(), ...options }, lines),
  async express(options, answer) {
    const { default: express } = await import("express");
    return http.createServer(options, express().use(answer));
  },
};

async function serve(description) {
  if (description.kind === "udp") return serveDatagrams(description.options);
  if (description.kind === "taken") return serveTaken(description.options.name);
  const {
    kind = "http",
    serverOptions = {},
    properties = {},
    laterProperties = {},
    options = {},
    webSockets,
    upgrades,
  } = description;
  let server;
  const answer = answerFor(options.name ?? "", () => server);
  server = await kinds[kind](serverOptions, answer);
  // A slow machine must not end an idle connection.
  Object.assign(server, { keepAliveTimeout: 600_000 }, properties, isLater && laterProperties);
  server.on("connection", () => say("connection"));
  if (webSockets) {
    const { WebSocketServer } = await import("ws");
    new WebSocketServer({ server }).on("connection", (webSocket) =>
      webSocket.on("message", (data) => webSocket.send(Buffer.concat([Buffer.from(`${pid} `), data]))),
    );
  }
  if (upgrades) {
    server.on("upgrade", (_request, socket) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: lines\r\n\r\n");
      lines(socket);
    });
  }
  const hooks = upgrades && { onDrainUpgraded: (socket) => socket.end("bye\n") };
  await listen(server, { ...options, ...hooks });
}

/** Answers each message with the process. */
async function serveDatagrams(options) {
  const socket = createSocket("udp4");
  const sending = new Set();
  socket.on("message", (message, { port, address }) => {
    const sent = new Promise((resolve) =>
      socket.send(`${pid} ${message.toString()}`, port, address, resolve),
    );
    sending.add(sent);
    void sent.then(() => sending.delete(sent));
  });
  await bindDatagram(socket, { ...options, onStop: () => Promise.all(sending) });
}

/** Serves a socket without sockact. */
function serveTaken(name) {
  net.createServer(lines).listen({ fd: claimSocket(name).fd });
}

if (process.env.TITLE) process.title = process.env.TITLE;
for (const description of JSON.parse(process.env.APP ?? "[{}]")) await serve(description);
