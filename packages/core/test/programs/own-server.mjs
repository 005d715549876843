// Servers that the app creates itself, attached as an adapter does it. Prints the result of each.
import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createNetServer } from "node:net";
import { activatedSockets, listen } from "@sockact/core";
import { prepareApp } from "@sockact/core/adapter";

const app = (_req, res) => res.end();
const bound = [];
const attachApp = (options = {}) =>
  prepareApp(options).attach(app, {
    owns: (_server, listeners) => listeners.has(app),
    onBound: (_server, sockets) => bound.push(...sockets.map(({ fd }) => fd)),
  });

const events = [];
function watched(server = createServer(app)) {
  server.on("listening", () => events.push("listening"));
  server.on("error", ({ code }) => events.push(`error ${code}`));
  server.on("close", () => events.push("close"));
  return server;
}
const settled = (server) => Promise.race([once(server, "listening"), once(server, "close")]).catch(() => {});
const codeOf = (action) => {
  try {
    action();
    return undefined;
  } catch ({ code }) {
    return code;
  }
};

const scenarios = {
  async "by number, then all"() {
    attachApp();
    createNetServer(() => {}).listen({ fd: 4 });
    await settled(watched().listen(1));
    return { fds: bound };
  },
  async "by number, then by name"() {
    attachApp({ name: "unknown" });
    createNetServer(() => {}).listen({ fd: 4 });
    await settled(watched().listen(1));
  },
  async "by name, then by number"() {
    await listen(
      createServer((_, res) => res.end("sockact")),
      { name: "http" },
    );
    globalThis.gc();
    const own = createServer((_, res) => res.end("own")).listen({ fd: 4 });
    await once(own, "listening");
    const ports = ["http", "other"].map(
      (name) => activatedSockets().find((socket) => socket.name === name).address,
    );
    return { answers: await Promise.all(ports.map(async (at) => (await fetch(`http://${at}/`)).text())) };
  },
  async "by number behind our back"() {
    createNetServer(() => {}).listen({ fd: 4 });
    attachApp();
    const server = watched();
    await settled(server.listen(1));
    events.splice(0, events.length, ...events.filter((event) => event !== "close"));
    return { listening: server.listening };
  },
  async twice() {
    attachApp();
    const server = watched().listen(1, () => events.push("callback 1"));
    const thrown = codeOf(() => server.listen(2, () => events.push("callback 2")));
    await settled(server);
    events.sort((a, b) => a.localeCompare(b));
    return { thrown };
  },
  async signal() {
    attachApp();
    const controller = new AbortController();
    const server = watched().listen({ port: 1, signal: controller.signal });
    await settled(server);
    controller.abort();
    await once(server, "close");
  },
  async "no signal"() {
    attachApp();
    const server = watched();
    const thrown = codeOf(() => server.listen({ port: 1, signal: "none" }));
    await settled(server.listen(1));
    return { thrown };
  },
  async "aborted before"() {
    const rejected = await listen(watched(), { port: 1, signal: AbortSignal.abort() }).catch(
      ({ message }) => message,
    );
    return { rejected };
  },
};

if (process.env.UNSEEN === undefined) activatedSockets();
const outcome = await scenarios[process.env.SCENARIO]();
console.log(JSON.stringify({ event: "outcome", events, ...outcome }));
process.exit();
