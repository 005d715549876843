// Creates the servers that APP describes: a JSON object with the shape of LifecycleApp in ../lifecycle-app.ts. It prints each event of sockact, and what
// happens to
// its requests, and reads commands from standard input.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import * as http from "node:http";
import * as http2 from "node:http2";
import * as https from "node:https";
import * as net from "node:net";
import { createInterface } from "node:readline";
import { Duplex } from "node:stream";
import * as tls from "node:tls";
import { checkHealth, keepAwake, listen } from "@sockact/core";

const config = JSON.parse(process.env.APP ?? "{}");
const say = (event, more = {}) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);
const certificate = () => ({
  key: readFileSync(new URL("../../../testing/fixtures/localhost.key.pem", import.meta.url)),
  cert: readFileSync(new URL("../../../testing/fixtures/localhost.cert.pem", import.meta.url)),
});

/** Responses, streams and connections that wait for a command. */
const held = [];
/** Responses whose event stream has yet to be opened. */
const unopened = [];
/** Responses that wait until three more requests have come. */
const queue = [];
const servers = [];
const connections = new Set();
const releases = [];
/** Whether onEvent has held once. */
let hasHeld = false;

const routes = {
  "/held": (_request, response) => held.push(response),
  "/own": async (_request, response) => response.end(JSON.stringify(await checkHealth())),
  "/queue": (_request, response) => {
    if (queue.push(response) > 3) queue.shift().end("next");
  },
  "/stream": (_request, response) => {
    response.write("first ");
    held.push(response);
  },
  "/unopened": (_request, response) => unopened.push(response),
  "/events": (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    held.push(response);
  },
  async "/upload"(request, response) {
    const hash = createHash("sha256");
    let bytes = 0;
    try {
      for await (const chunk of request) {
        bytes += chunk.length;
        hash.update(chunk);
      }
    } catch (error) {
      say("upload failed", { code: error.code });
    }
    response.end(JSON.stringify({ bytes, sha256: hash.digest("hex") }));
  },
  "/early": (_request, response) => response.writeHead(413).end("too large"),
  "/204": (_request, response) => response.writeHead(204).end(),
  "/304": (_request, response) => response.writeHead(304).end(),
  "/set": (_request, response) => response.setHeader("connection", "keep-alive").end("set"),
  "/object": (_request, response) =>
    response.writeHead(200, { "X-A": "b", connection: "keep-alive" }).end("object"),
  "/message": (_request, response) =>
    response.writeHead(200, "Fine", { Connection: "keep-alive", "X-A": "b" }).end("message"),
  "/both": (_request, response) =>
    response.setHeader("X-A", "b").writeHead(200, { CONNECTION: "Keep-Alive" }).end("both"),
  "/flat": (_request, response) =>
    response.writeHead(200, ["X-A", "b", "Connection", "keep-alive", "X-A", "c"]).end("flat"),
  "/pairs": (_request, response) =>
    response
      .writeHead(200, [
        ["X-A", "b"],
        ["Connection", "keep-alive"],
      ])
      .end("pairs"),
};

function answer(request, response) {
  say("request", { url: request.url });
  (routes[request.url] ?? ((_request, plain) => plain.end("hello")))(request, response);
}

/** Sends back what it receives, except `held`, which waits. */
function echo(socket) {
  socket.on("error", () => {});
  // An upgraded connection may stay half open.
  socket.on("end", () => socket.end());
  socket.on("data", (data) => {
    const text = data.toString();
    say("data", { text });
    if (text === "held") held.push(socket);
    else socket.write(text);
  });
}

/** Makes a server wait for the first bytes of a connection before Node's own listener gets it, as a server does that looks for the protocol. */
function peekAt(server) {
  const [readHttp] = server.listeners("connection");
  // The name is that of Node's listener.
  return server.off("connection", readHttp).on("connection", function connectionListener(socket) {
    socket.once("readable", () => readHttp.call(server, socket));
  });
}

const kinds = {
  http: (options) => http.createServer(options, answer),
  peeking: (options) => peekAt(http.createServer(options, answer)),
  peekingLater(options) {
    const server = http.createServer(options, answer);
    return server.once("listening", () => setImmediate(peekAt, server));
  },
  https: (options) => https.createServer({ ...certificate(), ...options }, answer),
  h2c: (options) => http2.createServer(options, answer),
  http2: (options) => http2.createSecureServer({ ...certificate(), ...options }, answer),
  streams: (options) =>
    http2.createServer(options).on("stream", (stream, headers) => {
      say("request", { url: headers[":path"] });
      if (headers[":path"] === "/held") held.push(stream);
      else stream.end("hello");
    }),
  net: (options) => net.createServer(options, echo),
  tls: (options) => tls.createServer({ ...certificate(), ...options }, echo),
};

async function serve({
  kind = "http",
  serverOptions = {},
  properties = {},
  webSockets,
  upgrades,
  continues,
  options = {},
  hooks = [],
}) {
  const server = Object.assign(kinds[kind](serverOptions), properties);
  servers.push(server);
  server.on("connection", (socket) => {
    connections.add(socket);
    socket.on("close", () => connections.delete(socket));
    say("connection");
  });
  server.on("session", (session) => {
    say("session");
    session.on("close", () => say("session closed"));
  });
  server.on("close", () => say("server closed", { address: server.address() }));
  if (continues) {
    server.on("checkContinue", (request, response) => {
      response.writeContinue();
      answer(request, response);
    });
  }
  if (upgrades) {
    server.on("upgrade", (request, socket) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
      say("upgrade");
      echo(socket);
    });
  }
  if (webSockets) {
    const { WebSocketServer } = await import("ws");
    new WebSocketServer({ server }).on("connection", (webSocket) => {
      say("webSocket");
      held.push(webSocket);
      webSocket.on("message", (data) => say("message", { bytes: data.length }));
      webSocket.on("close", (code) => say("webSocket closed", { code }));
    });
  }
  const all = {
    onEvent: ({ type, ...more }) =>
      say(type, { ...more, ...(more.error && { error: String(more.error), code: more.error.code }) }),
    "onEvent that holds": ({ type }) => {
      if (type === "idle" && !hasHeld) hasHeld = releases.push(keepAwake()) > 0;
      say(type);
    },
    "onEvent that blocks": ({ type }) => {
      say(type);
      if (type === "draining") setImmediate(() => actions.block(Number(process.env.BLOCK_MS)));
    },
    "onEvent that blocks at once": ({ type }) => {
      say(type);
      if (type === "draining") actions.block(0);
    },
    "onEvent that copies SIGTERM after the drain": ({ type }) => {
      say(type);
      if (type === "drained") setTimeout(() => process.kill(process.pid, "SIGTERM"), 50);
    },
    "onEvent that copies the signal": ({ type, signal }) => {
      say(type);
      if (type === "draining") process.kill(process.pid, signal);
    },
    "onEvent that throws": ({ type }) => {
      say(type);
      throw new Error("from onEvent");
    },
    "onEvent that rejects": async ({ type }) => {
      say(type);
      throw new Error("from onEvent");
    },
    onDrain: () => {
      say("onDrain");
      for (const response of held.splice(0)) response.end("over");
    },
    "onDrain that fails": async () => {
      throw new Error("from onDrain");
    },
    onStop: async () => {
      say("onStop");
      await new Promise((resolve) => held.push({ end: resolve }));
      say("onStop done");
    },
    "onStop that exits": () => process.exit(0),
    "onStop that holds": () => actions.hold(),
    "onStop that fails": async () => {
      throw new Error("from onStop");
    },
    onListen: () => {
      say("asked whether ready");
      return new Promise((resolve, reject) =>
        held.push({ end: resolve, fail: () => reject(new Error("not ready")) }),
      );
    },
    "healthCheck that fails": () => {
      say("healthCheck");
      return false;
    },
    "healthCheck that rejects": async () => {
      say("healthCheck");
      throw new Error("from healthCheck");
    },
    "healthCheck that waits": () => {
      say("healthCheck");
      return new Promise((resolve) => held.push({ end: () => resolve(true) }));
    },
    onReload: async () => say("onReload"),
    "onReload that waits": () => {
      say("onReload");
      return new Promise((resolve) => held.push({ end: resolve }));
    },
    "onReload that never settles": () => {
      say("onReload");
      return new Promise(() => {});
    },
    "onReload that fails": async () => {
      const error = new Error("from onReload", { cause: new Error("its cause") });
      throw Object.assign(error, { code: "ERR_OF_THE_APP" });
    },
    onDrainUpgraded: (socket, request) => {
      say("onDrainUpgraded", { url: request.url, connection: socket.remoteAddress });
      socket.write("bye");
    },
    "onDrainUpgraded that throws": () => {
      throw new Error("from onDrainUpgraded");
    },
    "onDrainUpgraded that rejects": async () => {
      throw new Error("from onDrainUpgraded");
    },
  };
  const chosen = Object.fromEntries(hooks.map((name) => [name.split(" ")[0], all[name]]));
  try {
    say("listens", await listen(server, { ...options, ...chosen }));
  } catch (error) {
    say("refused", { code: error.code, limit: error.limit, message: error.message, hint: error.hint });
  }
}

/** What an app, or a library of its, has for signals, and for the end. */
const handlers = {
  on: () => process.on("SIGTERM", () => say("handler", { signal: "SIGTERM" })),
  "on SIGHUP": () => process.on("SIGHUP", () => say("handler", { signal: "SIGHUP" })),
  exit: () => process.on("exit", () => (process.exitCode = 0)),
  once: () => process.once("SIGTERM", () => say("handler", { signal: "SIGTERM" })),
  "close-with-grace": async () => {
    const { default: closeWithGrace } = await import("close-with-grace");
    closeWithGrace({ logger: false }, async () => {
      say("grace");
      servers[0].close();
      await once(servers[0], "close");
    });
  },
  /** When the last connection has ended, the server emits no \`close\` any more. */
  "close-with-grace by a callback": async () => {
    const { default: closeWithGrace } = await import("close-with-grace");
    closeWithGrace({ logger: false }, () => new Promise((resolve) => servers[0].close(resolve)));
  },
  /** Ends idle connections at once. */
  stoppable: async () => {
    const { default: stoppable } = await import("stoppable");
    process.on("SIGTERM", () => stoppable(servers[0]).stop(() => process.exit()));
  },
  "http-terminator": async () => {
    const { createHttpTerminator } = await import("http-terminator");
    process.on("SIGTERM", async () => {
      await createHttpTerminator({ server: servers[0] }).terminate();
      process.exit();
    });
  },
  "node-graceful-shutdown": async () => {
    const { default: library } = await import("node-graceful-shutdown");
    library.onShutdown(() => new Promise((resolve) => servers[0].close(resolve)));
  },
  lightship: async () => {
    const { createLightship } = await import("lightship");
    const lightship = await createLightship({ port: 0, detectKubernetes: false });
    lightship.registerShutdownHandler(() => new Promise((resolve) => servers[0].close(resolve)));
    lightship.signalReady();
  },
  death: async () => {
    const { default: onDeath } = await import("death");
    onDeath(() => process.exit());
  },
  "exit-hook": async () => {
    const { default: exitHook } = await import("exit-hook");
    exitHook(() => {});
  },
  "signal-exit": async () => {
    const { onExit } = await import("signal-exit");
    onExit((code, signal) => say("signal-exit", { code, signal }));
  },
  terminus: async () => {
    const { createTerminus } = await import("@godaddy/terminus");
    createTerminus(servers[0], { signal: "SIGTERM", timeout: 20_000, onSignal: async () => say("terminus") });
    const { kill } = process;
    process.kill = (...args) => {
      say("signal again");
      return kill.apply(process, args);
    };
  },
};

const commands = createInterface({ input: process.stdin });
process.stdin.unref?.();
let closings = 0;
const actions = {
  answer: () => held.shift().end("done"),
  write: () => held[0].write("more "),
  fail: () => held.shift().fail(),
  send: () => held[0].send("more"),
  fragment: () => held[0].send("part", { fin: false }),
  "last fragment": () => held[0].send("end", { fin: true }),
  close: () => {
    const count = ++closings;
    servers[0].close((error) => say("close called back", { count, code: error?.code }));
    say("close called", { count });
  },
  dispose: () => void servers[0][Symbol.asyncDispose]().then(() => say("disposed")),
  "open stream": () => routes["/events"](undefined, unopened.shift()),
  "serve late": () => serve(config.late),
  duplex: () => {
    const connection = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    servers[0].emit("connection", connection);
    connection.push("GET /held HTTP/1.1\r\nHost: localhost\r\n\r\n");
  },
  /** Asks twice, one after the other. */
  async check() {
    for (let count = 0; count < 2; count++) await checkHealth();
    say("checked");
  },
  "is listening": () => say("is listening", { listening: servers.map(({ listening }) => listening) }),
  closeAllConnections: () => servers[0].closeAllConnections(),
  closeIdleConnections: () => {
    servers[0].closeIdleConnections();
    say("idle closed");
  },
  "close sessions": () => held.splice(0).forEach((each) => each.stream.session.close()),
  /** Releases a hold, and blocks the event loop until the file does not exist, and for this time after that. */
  block: (ms) => {
    actions.release();
    say("blocked");
    const sleep = (time) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, time);
    while (existsSync(process.env.BLOCK)) sleep(5);
    sleep(ms);
  },
  /** Something that happens after this time. Timers of one process fire in their order, however slow the machine is. */
  clock: (ms) => void setTimeout(say, ms, "clock"),
  /** The same, from the end of each open connection on. */
  "clock at close": (ms) => connections.forEach((socket) => socket.on("close", () => actions.clock(ms))),
  exit: () => process.exit(7),
  "exit code": () => say("exit code", { code: (process.exitCode = 3) }),
  hold: () => say("held", { holds: releases.push(keepAwake()) }),
  release: () => {
    for (const release of releases.slice(0, 1)) {
      release();
      release();
    }
    say("released", { holds: releases.splice(0, 1).length });
  },
  listeners: () =>
    say("listeners", {
      upgrade: servers[0].listeners("upgrade").length,
      connect: servers[0].listeners("connect").length,
    }),
  "on upgrade": () => {
    const mine = () => {};
    servers[0].on("upgrade", mine).once("upgrade", mine).off("upgrade", mine).off("upgrade", mine);
    servers[0].once("connect", mine).removeAllListeners("connect");
    actions.listeners();
  },
};
commands.on("line", (line) => {
  const [, name, ms] = /^(.*?)(?: (\d+))?$/.exec(line);
  actions[name]?.(Number(ms));
});

for (const name of config.before ?? []) await handlers[name]();
if (config.held) actions.hold();
const apps = config.apps ?? [config];
for (const app of apps) await serve(app);
for (const name of config.after ?? []) await handlers[name]();
if (config.input) process.stdin.ref?.();
say("up");
