// Removes one internal of Node that sockact uses, as another Node might, and then listens. Prints the result.
import diagnosticsChannel from "node:diagnostics_channel";
import { fstatSync, readFileSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import http from "node:http";
import net from "node:net";
import cluster from "node:cluster";
import tls from "node:tls";
import process from "node:process";

/** Makes a property of all objects with this prototype ignore each assignment. */
const forget = (prototype, name) =>
  Object.defineProperty(prototype, name, { configurable: true, get: () => undefined, set() {} });

/** A listening handle of Node's own, and the symbol of its owner. */
function sample() {
  const server = new net.Server().listen(0);
  const handle = server._handle;
  const owner = Object.getOwnPropertySymbols(handle).find((symbol) => handle[symbol] === server);
  server.close();
  return { handle, owner };
}

const away = {
  nothing() {},
  "_handle of net.Server": () => forget(net.Server.prototype, "_handle"),
  "_pipeName of net.Server": () => forget(net.Server.prototype, "_pipeName"),
  "_unref of net.Server": () => forget(net.Server.prototype, "_unref"),
  "_listen2 of net.Server": () => delete net.Server.prototype._listen2,
  "the owner of a listening handle"() {
    // This sets Node's symbol on the prototype of every object, because the handle of the check is a plain object.
    forget(Object.prototype, sample().owner);
  },
  "onconnection of a listening handle": () => forget(Object.prototype, "onconnection"),
  "parser of an HTTP connection": () => forget(Object.prototype, "parser"),
  "the list of connections of an HTTP server"() {
    const server = http.createServer();
    // Node 20 makes the list when the server listens.
    for (const listener of server.listeners("listening")) listener.call(server);
    const list = Object.getOwnPropertySymbols(server).find(
      (symbol) => typeof server[symbol]?.idle === "function",
    );
    forget(http.Server.prototype, list);
  },
  "_httpMessage of an HTTP connection": () => forget(Object.prototype, "_httpMessage"),
  "_parent of tls.TLSSocket": () => forget(tls.TLSSocket.prototype, "_parent"),
  "_createServerHandle of node:net": () => delete net._createServerHandle,
};

const name = process.argv[2];
// A tracing agent patches emit(), or listens to Node's channels.
const seen = [];
const { emit } = http.Server.prototype;
http.Server.prototype.emit = function (event, ...args) {
  if (event === "request" || event === "connection") seen.push(event);
  return emit.call(this, event, ...args);
};
diagnosticsChannel.subscribe("http.server.request.start", () => seen.push("http.server.request.start"));
// This must come before the import of sockact, which might keep the original.
const { listen } = await import("@sockact/core");
away[name]();
const server = name.includes("tls")
  ? tls.createServer({ key: readFileSync(process.env.KEY), cert: readFileSync(process.env.CERT) })
  : http.createServer();
const outcome = { event: "outcome" };
try {
  if (name.startsWith("_createServerHandle")) cluster.fork();
  else {
    const failed = new Promise((_, reject) => server.on("error", reject));
    failed.catch(() => {});
    await listen(server);
    outcome.listened = true;
    const looked = (async () => {
      for (let turn = 0; turn < 10; turn++) await nextTurn();
    })();
    await Promise.race([failed, looked]);
  }
} catch ({ code, message, hint }) {
  Object.assign(outcome, { code, message, hint });
}
const fds = Array.from({ length: Number(process.env.SOCKETS) }, (_, index) => 3 + index);
const open = (fd) => fstatSync(fd, { bigint: true }).isSocket();
// console.log() may need the removed internal, so this writes at once.
process.stdout.write(`${JSON.stringify({ ...outcome, seen, open: fds.map(open) })}\n`, () => process.exit());
