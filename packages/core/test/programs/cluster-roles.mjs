// A cluster whose workers have roles. The primary reads commands from standard input: `fork ROLE NAME` forks a worker, `tell ID MESSAGE` sends it a message, and the others
// are below. NAME is the socket of the worker. With WAIT, a worker waits before it listens while that file exists. With READY, it becomes ready when that file does not exist. OPTIONS are options of listen() in
// the workers.
import cluster from "node:cluster";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import process from "node:process";
import { bindDatagram, claimSocket, keepAwake, listen } from "@sockact/core";
import { untilGone } from "../../../testing/programs/until-gone.mjs";

const { env } = process;
const id = cluster.worker?.id ?? 0;
const say = (event, more = {}) => process.stdout.write(`${JSON.stringify({ event, id, ...more })}\n`);
/** Makes `hold` and `release` work. */
const holds = [];
const held = () => {
  holds.push(keepAwake());
  say("held");
};
const release = () => {
  for (const each of holds.splice(0)) each();
};

/** The answers that wait for `answer`. */
const waiting = [];
const app = () =>
  createServer((request, response) => {
    if (request.url !== "/held") return void response.end("hello");
    waiting.push(response);
    say("request");
  });
const answer = () => waiting.splice(0).forEach((response) => response.end("at last"));

/** With FAILS, the worker with this number can't reload. */
const reloads = () => {
  if (env.FAILS === String(id)) throw new Error("the settings are broken");
  say("reloaded");
};

const roles = {
  async serve() {
    if (env.WAIT) await untilGone(env.WAIT);
    const listening = listen(app(), {
      ...(env.NAME && { name: env.NAME }),
      ...JSON.parse(env.OPTIONS ?? "{}"),
      ...(env.RELOADS && { onReload: reloads }),
      ...(env.READY && { onListen: () => untilGone(env.READY) }),
      onStop: async () => say("stopped"),
    });
    // By then, the worker has asked the primary for the socket.
    setImmediate(() => say("asked"));
    await listening;
  },
  /** Serves without sockact. */
  plain: () => once(app().listen({ fd: 3 }), "listening"),
  /** Serves nothing. */
  job: () => void setInterval(() => {}, 2 ** 30),
  /** Serves nothing, and does not end at SIGTERM. */
  stubborn: () => void process.on("SIGTERM", () => say("ignored")),
  /** Uses sockets by their descriptors. */
  async take() {
    const codes = [];
    for (const take of [
      () => claimSocket("http"),
      () => claimSocket("file"),
      () => bindDatagram(createSocket("udp4"), { name: "udp" }),
      // It is the mistake even if this socket is not one for datagrams.
      () => bindDatagram(createSocket("udp4"), { name: "http" }),
    ]) {
      try {
        await take();
      } catch (error) {
        codes.push(error.code);
      }
    }
    say("refused", { codes });
    await roles.serve();
  },
};

if (cluster.isPrimary) {
  cluster.on("message", (_, message) => say("message", { message }));
  cluster.on("exit", (worker, code, signal) => say("exit", { worker: worker.id, code, signal }));
  const fork = (ROLE, NAME) => {
    const worker = cluster.fork({ ROLE, ...(NAME && { NAME }) });
    say("forked", { pid: worker.process.pid });
    // From now on, the workers keep the primary alive.
    process.stdin.unref?.();
    return worker;
  };
  const commands = {
    fork,
    tell: (to, message) => cluster.workers[to].send(message),
    hold: held,
    release,
    answer,
    /** Something that happens after this time. */
    clock: (ms) => void setTimeout(say, Number(ms), "clock"),
    /** Node can't start this worker. */
    fail() {
      cluster.setupPrimary({ cwd: "/nonexistent" });
      fork("serve").on("error", ({ code }) => say("failed", { code }));
    },
    async listen(name) {
      await listen(app(), { name });
      say("up");
    },
  };
  createInterface({ input: process.stdin }).on("line", (line) => {
    const [command, ...args] = line.split(" ");
    void commands[command](...args);
  });
} else {
  /** Longer than a test takes. */
  const block = (ms = 20_000) => {
    say("blocked");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  };
  /** Longer than a worker may take to begin a reload. */
  const pause = () => block(8000);
  process.on("message", (message) => ({ hold: held, release, answer, block, pause })[message]());
  await roles[env.ROLE]();
  say("up", { pid: process.pid });
}
